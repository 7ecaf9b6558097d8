// A background job: no Next.js, plain Node.
import { createSSEUtils } from 'sseactor/server'

const [userId, message] = process.argv.slice(2)
const sse = createSSEUtils({ throwOnError: true })
const { id, persisted } = await sse.sendNotification(message, 'success', { userId, persistent: true })
console.log(JSON.stringify({ id, persisted }))
