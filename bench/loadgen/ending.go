package loadgen

// Ending says why a stream ended.
type Ending uint8

// The endings.
const (
	_           Ending = iota
	EndEOF             // the server closed, and nothing was cut off
	EndCut             // the server closed in the middle of an event or of the head
	EndReset           // RST
	EndStatus          // a status other than 200; see Stream.Status
	EndRefused         // nobody listens
	EndProtocol        // the response could not be understood
	EndSystem          // a system call failed otherwise
	EndLocal           // closed by this side: Client.Close
	EndAbort           // reset by this side: Client.Abort
	EndSevered         // by this side, in the midst of what came: Client.Sever
	endings
)

var endingNames = [endings]string{"", "end of stream", "cut off", "reset", "status", "refused",
	"not understood", "system call failed", "closed here", "reset here", "severed here"}

func (e Ending) String() string { return endingNames[e] }
