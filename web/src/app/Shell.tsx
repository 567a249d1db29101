import { BulbOutlined, LogoutOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { NavLink, Outlet } from "react-router";
import { useLiveState } from "../api/live";
import type { Me } from "../api/types";
import { named, useI18n } from "../i18n";
import { useSession } from "../session/session";
import { zone } from "../ui/format";
import { LanguageSwitch } from "./LanguageSwitch";
import { useMode } from "./theme";

function LiveBadge() {
  const { t } = useI18n();
  const state = useLiveState();
  return (
    <span className={`live live-${state}`} role="status">
      <i aria-hidden="true" />
      {t(`live.${state}`)}
    </span>
  );
}

function Account({ me }: { me: Me }) {
  const { t } = useI18n();
  const { logout } = useSession();
  const { toggle } = useMode();
  return (
    <>
      <Button type="text" icon={<BulbOutlined />} onClick={toggle} title={t("theme.switch")} aria-label={t("theme.switch")} />
      <LanguageSwitch />
      <span className="who" title={named(t, "user.role", me.role)}>
        {me.name}
      </span>
      <Button
        type="text"
        icon={<LogoutOutlined />}
        onClick={() => { void logout(); }}
        title={t("user.signout")}
        aria-label={t("user.signout")}
      />
    </>
  );
}

/** The frame of every page: navigation, the state of the connection, the reader. */
export function Shell({ me }: { me: Me }) {
  const { t } = useI18n();
  const lost = useLiveState() === "lost";
  return (
    <>
      <a className="skip" href="#main">
        {t("nav.skip")}
      </a>
      <header className="top">
        <NavLink to="/incidents" className="brand">
          <img src="/mark.svg" alt="" width={24} height={24} />
          {t("app.name")}
        </NavLink>
        <nav aria-label={t("nav.main")}>
          <NavLink to="/incidents">{t("nav.incidents")}</NavLink>
          <NavLink to="/alerts">{t("nav.alerts")}</NavLink>
          <NavLink to="/hosts">{t("nav.hosts")}</NavLink>
          <NavLink to="/rules">{t("nav.rules")}</NavLink>
          <NavLink to="/exceptions">{t("nav.exceptions")}</NavLink>
        </nav>
        <div className="top-end">
          <LiveBadge />
          <span className="zone" title={t("time.zone", { zone: zone() })}>
            {zone()}
          </span>
          <Account me={me} />
        </div>
      </header>
      {lost && (
        <div className="lost" role="alert">
          {t("live.banner")}
        </div>
      )}
      <main id="main" className="page">
        <Outlet />
      </main>
    </>
  );
}
