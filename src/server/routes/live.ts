import { z } from 'zod'
import { answer, type Route, route } from '../route.ts'

// A client that reads slower than this is behind is let go: it comes back and resumes.
const MOST_WAITING = 1000

/** Live changes as Server-Sent Events. Source: https://html.spec.whatwg.org/#server-sent-events */
export const liveRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/live',
    summary: 'What changes, as Server-Sent Events; resumes at the header Last-Event-ID.',
    tag: 'live',
    answers: {
      200: {
        description:
          'A stream: `change` with JSON of kind event, run, repair, underway or database; ' +
          '`hello` at its start; `reset` where it cannot resume and all must be read anew.',
        schema: z.string(),
        type: 'text/event-stream',
      },
    },
    handle: ({ request, signal }, { feed }) => {
      let leave = () => {}
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            const end = () => {
              leave()
              try {
                controller.close()
              } catch {
                // The client had closed it.
              }
            }
            const send = (bytes: Uint8Array) => {
              controller.enqueue(bytes)
              return (controller.desiredSize ?? 0) > 0
            }
            // Nobody hears of what was aborted before.
            if (signal.aborted) return end()
            leave = feed.listen({ send, end }, request.headers.get('last-event-id'))
            signal.addEventListener('abort', end, { once: true })
          },
          cancel: () => leave(),
        },
        { highWaterMark: MOST_WAITING },
      )
      const headers = {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // Else a proxy would keep changes until its buffer is full.
        'x-accel-buffering': 'no',
      }
      return answer(200, new Response(body, { headers }))
    },
  }),
]
