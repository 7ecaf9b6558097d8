package main

import "os/exec"

// k6Command is the command that runs a script. Whatever else k6 would do on the
// network is off: its report of who uses it for what, and its search for extensions.
func k6Command(k6, script string, environment []string) *exec.Cmd {
	// No address: two k6 at a time would want the same port for their REST API.
	cmd := exec.Command(k6, "run", "--quiet", "--log-format", "raw", "--address", "", script)
	cmd.Env = append(environment, "K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false")
	return cmd
}
