import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { format, preferred, type Language, type Translate } from "./text";

export { named, type Language, type Translate } from "./text";

interface I18n {
  language: Language;
  setLanguage: (language: Language) => void;
  t: Translate;
}

const Context = createContext<I18n | undefined>(undefined);
const stored = "baize.language";

function initial(): Language {
  const saved = localStorage.getItem(stored);
  return saved === "en" || saved === "zh" ? saved : preferred(navigator.languages);
}

/** Provides the language: the last one chosen, else the browser's. */
export function I18nProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(initial);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);
  const value = useMemo<I18n>(
    () => ({
      language,
      setLanguage: (next) => {
        localStorage.setItem(stored, next);
        setLanguage(next);
      },
      t: (key, params) => format(language, key, params),
    }),
    [language],
  );
  return <Context value={value}>{children}</Context>;
}

/** The language in use, its texts, and the way to change it. */
export function useI18n(): I18n {
  const value = useContext(Context);
  if (!value) throw new Error("useI18n outside I18nProvider");
  return value;
}
