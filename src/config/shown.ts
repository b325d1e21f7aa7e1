// What of a text that cannot be read may be shown. Settings get secrets pasted into them by mistake: the contents of a
// file where its path belongs, a token where a number does. Knows no setting.

/** Bytes of a path on Linux (PATH_MAX), and of one name in it (NAME_MAX). */
const MAX_PATH_BYTES = 4095;
const MAX_NAME_BYTES = 255;

/** Longer texts are no typing error that would have to be shown. */
const MAX_SHOWN = 200;

/** Letters and digits mixed, as in a key, a token or a hash; and what no word is as long as. */
const TOKEN = /(?=[A-Za-z+=]*[0-9])(?=[0-9+=]*[A-Za-z])[A-Za-z0-9+=]{20,}|[A-Za-z0-9+=]{40,}/;

/** A user or a password in a URL. */
const LOGIN = /:.*@/;

/** Whether a text is what a file holds – lines, PEM, JSON, or more than a path can be – and not where the file is. */
export function isContents(text: string): boolean {
  return (
    /[\p{Cc}{}]|BEGIN/u.test(text) ||
    Buffer.byteLength(text) > MAX_PATH_BYTES ||
    text.split("/").some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)
  );
}

/** Whether a text may be quoted in a message: it is short, and nothing in it looks like a secret. */
export function isShowable(text: string): boolean {
  return text.length <= MAX_SHOWN && !isContents(text) && !LOGIN.test(text) && !TOKEN.test(text);
}
