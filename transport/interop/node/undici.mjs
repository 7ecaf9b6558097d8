// The EventSource of undici, which is also the one inside Node.
import { EventSource } from 'undici'
import { listen, order } from './report.mjs'

listen(new EventSource(order.url))
