import { en, type Key } from "./en";
import { zh } from "./zh";

export type Language = "en" | "zh";
export type Params = Readonly<Record<string, string | number>>;
export type Translate = (key: Key, params?: Params) => string;

const dictionaries: Record<Language, Record<Key, string>> = { en, zh };

/** The text of a key: "one|many" picks by {n}, then "{x}" is filled in. */
export function format(language: Language, key: Key, params: Params = {}): string {
  const [one, many] = dictionaries[language][key].split("|");
  const text = many !== undefined && params.n !== 1 ? many : (one ?? "");
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** The text of a key made from data, or the datum itself where no text exists. */
export function named(t: Translate, prefix: string, value: string): string {
  const key = `${prefix}.${value}`;
  return key in en ? t(key as Key) : value;
}

/** The language of a browser that prefers these, in its order. */
export function preferred(languages: readonly string[]): Language {
  const first = languages.find((tag) => /^(zh|en)\b/i.test(tag));
  return first?.toLowerCase().startsWith("zh") ? "zh" : "en";
}
