export function Brand({ page }: { page: string }) {
  return (
    <div class="brand">
      <svg class="mark" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        <rect width="20" height="20" rx="5" />
        <circle cx="5.5" cy="14.5" r="1.7" />
        <path d="M5.5 9.5a5 5 0 015 5M5.5 5a9.5 9.5 0 019.5 9.5" />
      </svg>
      <h1>sseactor <span>{page}</span></h1>
    </div>
  )
}
