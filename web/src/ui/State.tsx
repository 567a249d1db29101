import { Button, Empty, Result, Spin } from "antd";
import type { ReactNode } from "react";
import { ApiError, OfflineError } from "../api/http";
import { useI18n, type Translate } from "../i18n";

/** What an error means, in the reader's words. */
export function explain(error: Error, t: Translate): string {
  if (error instanceof OfflineError) return t("state.offline");
  if (error instanceof ApiError) {
    if (error.status === 403) return t("state.forbidden");
    if (error.status === 404) return t("state.notfound");
  }
  return t("state.error", { detail: error.message });
}

/** Something is on its way. */
export function Loading() {
  const { t } = useI18n();
  return (
    <div className="state" role="status">
      <Spin />
      <span className="muted">{t("state.loading")}</span>
    </div>
  );
}

/** Something failed, and the way to try again. */
export function Failed({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useI18n();
  return (
    <Result
      status="warning"
      title={explain(error, t)}
      extra={<Button onClick={retry}>{t("state.retry")}</Button>}
    />
  );
}

/** There is nothing, and what that means. */
export function Nothing({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<strong>{title}</strong>}>
      {hint && <p className="muted">{hint}</p>}
      {children}
    </Empty>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/**
 * Shows a query: its data once there is some (an error that comes later leaves
 * them on screen), else the error, else that it is loading.
 */
export function Await<T>({ query, children }: { query: QueryLike<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} retry={() => { void query.refetch(); }} />;
  return <Loading />;
}
