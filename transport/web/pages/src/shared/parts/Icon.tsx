// Drawn here, 16 by 16, in the colour of the text around them. They only ever stand beside
// words, or in a button that has a label.
const paths = {
  check: 'M3 8.5l3.2 3.2L13 5',
  close: 'M4 4l8 8M12 4l-8 8',
  warning: 'M8 2.2l6.3 11.3H1.7zM8 6.5v3.2M8 11.7v.1',
  error: 'M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4zM8 5v3.6M8 11v.1',
  info: 'M8 1.8a6.2 6.2 0 110 12.4A6.2 6.2 0 018 1.8zM8 7.4v3.8M8 4.9V5',
  in: 'M9.5 2.5H13v11H9.5M2.5 8h7M6.8 5.2L9.6 8l-2.8 2.8',
  out: 'M6.5 2.5H3v11h3.5M6.5 8h7M10.8 5.2L13.6 8l-2.8 2.8',
  send: 'M14 2L7 9M14 2L9.6 14 7 9 2 6.4z',
  refuse: 'M8 1.8a6.2 6.2 0 110 12.4A6.2 6.2 0 018 1.8zM3.7 3.7l8.6 8.6',
  search: 'M7 2.2a4.8 4.8 0 110 9.6 4.8 4.8 0 010-9.6zM10.6 10.6l3.2 3.2',
  pause: 'M5.2 3v10M10.8 3v10',
  play: 'M4.5 2.8l8.3 5.2-8.3 5.2z',
  refresh: 'M13.2 8a5.2 5.2 0 11-1.6-3.8M13.4 1.8v3h-3',
  next: 'M6 3l5 5-5 5',
  back: 'M10 3L5 8l5 5',
  down: 'M3 6l5 5 5-5',
  system: 'M2 3h12v8H2zM6 14h4M8 11v3',
  sun: 'M8 5a3 3 0 110 6 3 3 0 010-6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13',
  moon: 'M13.4 9.6A5.8 5.8 0 016.4 2.6a5.8 5.8 0 107 7z',
  scissors: 'M4.2 2.4a1.9 1.9 0 110 3.8 1.9 1.9 0 010-3.8zM4.2 9.8a1.9 1.9 0 110 3.8 1.9 1.9 0 010-3.8zM5.8 5.4L14 11.6M5.8 10.6L14 4.4',
  replay: 'M2.8 8a5.2 5.2 0 101.6-3.8M2.6 1.8v3h3M8 5.2V8l2 1.4',
  bell: 'M8 2a4 4 0 014 4c0 3.6 1.4 4.8 1.4 4.8H2.6S4 9.6 4 6a4 4 0 014-4zM6.6 13.2a1.5 1.5 0 002.8 0',
  trash: 'M2.5 4.5h11M6.3 4.5v-2h3.4v2M4 4.5l.6 9h6.8l.6-9',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
