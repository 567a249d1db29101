package baize.probe.core;

/** Opens when the probe, or the JVM around it, is in trouble; then no hook does anything. Looked at each second. */
final class Breaker {
    private static final int WINDOW_SECONDS = 10;
    private static final int OPEN_SECONDS = 60;

    private final long[] cpuNs = new long[WINDOW_SECONDS + 1];
    private int looks;
    private int heapFull;
    private int queueFull;
    private int openFor;
    private String reason = "";

    /**
     * One look.
     *
     * @param cpuNs CPU time of the probe's thread so far
     * @param heapPercent of the most the heap may be, in use now
     * @return why the breaker is open, or empty
     */
    String look(long cpuNs, int heapPercent, boolean queueIsFull, Budgets budgets) {
        this.cpuNs[looks++ % this.cpuNs.length] = cpuNs;
        heapFull = heapPercent > budgets.heapPercent ? heapFull + 1 : 0;
        queueFull = queueIsFull ? queueFull + 1 : 0;
        String trouble = trouble(cpuNs, budgets);
        if (!trouble.isEmpty()) {
            reason = trouble;
            openFor = OPEN_SECONDS;
        } else if (openFor > 0 && --openFor == 0) {
            reason = "";
        }
        return reason;
    }

    private String trouble(long cpuNs, Budgets budgets) {
        if (looks > WINDOW_SECONDS) {
            long spent = cpuNs - this.cpuNs[looks % this.cpuNs.length];
            long permille = spent / (WINDOW_SECONDS * 1_000_000L);
            if (permille > budgets.cpuPermille) {
                return "the probe's thread took " + permille + " thousandths of a core";
            }
        }
        if (heapFull >= WINDOW_SECONDS) {
            return "more than " + budgets.heapPercent + " percent of the heap are in use";
        }
        return queueFull >= WINDOW_SECONDS ? "the queue has been full" : "";
    }
}
