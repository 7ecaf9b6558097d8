// A background job: it sends one notification, and says what became of it.
import { createSSEUtils } from 'sseactor/server'

const [url, apiKey] = process.argv.slice(2)
const sent = await createSSEUtils({ url, apiKey }).sendNotification('from a job', 'success', { sessionId: 's' })
console.log(JSON.stringify({ version: process.versions.node, ...sent }))
