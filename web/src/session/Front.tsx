import type { ReactNode } from "react";
import { LanguageSwitch } from "../app/LanguageSwitch";
import { useI18n } from "../i18n";

/** The frame of the pages before the console: a card with the name of the product. */
export function Front({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <main className="front">
      <div className="front-card">
        <header className="front-head">
          <img src="/mark.svg" alt="" width={36} height={36} />
          <div>
            <strong>{t("app.name")}</strong>
            <span className="muted">{t("app.tagline")}</span>
          </div>
          <LanguageSwitch />
        </header>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
