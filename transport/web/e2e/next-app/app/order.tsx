'use client'

async function order (form: FormData): Promise<void> {
  await fetch('/api/orders', { method: 'POST', body: JSON.stringify({ item: form.get('item') }) })
}

export function Order () {
  return (
    <form action={order}>
      <label>Item <input name="item" required /></label>
      <button>Order</button>
    </form>
  )
}
