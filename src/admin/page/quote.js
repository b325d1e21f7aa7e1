// Texts inside other texts: in a URL, in an attribute, in a shell. Pure: whatever was typed, none of them throws.

/**
 * A text as part of a query. Half a surrogate pair, which somebody can type or paste, becomes U+FFFD, as in every URL of a
 * browser; a `'` is encoded too, since it would end the quotes that people put around a URL.
 * @param {string} text
 */
export function encodePart(text) {
  return encodeURIComponent(text.toWellFormed()).replaceAll("'", "%27");
}

/** A text as the value of an attribute in double quotes. @param {string} text */
export function escapeAttribute(text) {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

/** A text as one word of a POSIX shell. @param {string} text */
export function quoteWord(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
