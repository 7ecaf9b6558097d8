// The npm package eventsource.
import { EventSource } from 'eventsource'
import { listen, order } from './report.mjs'

listen(new EventSource(order.url))
