/**
 * A name from the disk as it can be shown on a terminal: what would move the cursor, change colours, break the line or
 * turn the writing direction becomes a "?". Pure.
 */
export const printable = (name: string): string =>
  // Nearly every name is plain, and the other pattern takes longer to compile than all of them to test.
  /^[ -~]*$/.test(name)
    ? name
    : name.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '?');
