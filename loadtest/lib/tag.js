// The tag that each event carries, so that whoever receives it can tell what came
// twice, late, damaged or not at all.

// row is what fills events up to a size.
const row = 'the quick brown fox jumps over the lazy dog 0123456789 ';

// tagged is the data of an event: a line with the tag, and one that fills it up to
// a size. The size of all of it is in the tag. lane names a sequence of which each
// of its receivers gets every number, from 1 on.
export function tagged(run, lane, n, size = 0) {
  // The size has six digits so that the tag's length is known before it.
  const tag = (length) => JSON.stringify({ run, lane, n, at: Date.now(), size: String(length).padStart(6, '0') });
  const least = tag(0).length;
  if (size < least + 2) {
    return tag(least);
  }
  const rest = size - least - 1;
  return `${tag(size)}\n${row.repeat(Math.ceil(rest / row.length)).slice(0, rest)}`;
}

// readTag is the tag of an event's data; undefined if the data is not whole.
export function readTag(data) {
  const end = data.indexOf('\n');
  let tag;
  try {
    tag = JSON.parse(end < 0 ? data : data.slice(0, end));
  } catch {
    return undefined;
  }
  return tag && Number(tag.size) === data.length ? tag : undefined;
}
