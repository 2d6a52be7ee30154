/**
 * Part of the code of a message transform: `fits(text, most)` says whether a text may stand in an attribute of an event, and
 * `short(text, most)` replaces one that does not by a hash.
 */
export const SHORT_TEXT = `const fits = (text, most) => text.length <= most && !/[\\u0000-\\u001f\\u007f-\\u009f]/.test(text);
  const hash = (text, seed) => {
    let value = seed;
    for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16777619);
    return (value >>> 0).toString(16);
  };
  const short = (text, most) => (fits(text, most) ? text : hash(text, 2166136261) + hash(text, 84696351));`;
