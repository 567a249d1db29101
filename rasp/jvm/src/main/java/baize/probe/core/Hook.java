package baize.probe.core;

import java.util.concurrent.atomic.LongAdder;

/** One kind of act that is watched: its switch, what it saw, and what it cost. Threads of the application share it. */
final class Hook {
    /** One call of so many is timed. */
    private static final int TIMED = 16;
    /** Timed calls that are not held against the hook: the first ones run before they are compiled. */
    private static final int WARM_UP = 32;
    /** Weight of the newest call in the moving mean: 1/16. */
    private static final int MEAN_SHIFT = 4;
    /** What one call can count for in the mean, in budgets: a thread that loses the processor is no dear hook. */
    private static final int MOST_OF_ONE = 4;

    private static final int SLOW_CALLS = 3;
    private static final long SLOW_WITHIN_NS = 60_000_000_000L;

    final String name;
    /** Its acts are told with other events, not as events of their own. */
    final boolean breadcrumb;

    final LongAdder calls = new LongAdder();
    final LongAdder repeats = new LongAdder();
    final LongAdder lost = new LongAdder();
    /** Lost since the last Counters frame. */
    final LongAdder overflow = new LongAdder();
    /** Written by the probe's thread alone. */
    long events;

    private volatile boolean off;
    private volatile String overBudget = "";
    /** off, or over its budget: what a call looks at. */
    volatile boolean closed;

    // Without synchronisation: a lost update costs one sample.
    private int turn;
    private int samples;
    private long mean;
    private long longest;
    private int slow;
    private long slowSince;

    Hook(String name, boolean breadcrumb) {
        this.name = name;
        this.breadcrumb = breadcrumb;
    }

    boolean isOff() {
        return off;
    }

    /** Why it was switched off for its cost, or empty. */
    String overBudget() {
        return overBudget;
    }

    /** By a new configuration, which also forgives what it cost. */
    void configure(boolean off) {
        this.off = off;
        overBudget = "";
        samples = 0;
        mean = 0;
        slow = 0;
        closed = off;
    }

    long meanNs() {
        return mean;
    }

    long longestNs() {
        return longest;
    }

    /** Whether the call that begins is to be timed. */
    boolean sample() {
        return (turn++ & TIMED - 1) == 0;
    }

    /** Takes the time of one call, and closes the hook if that is too much. */
    void spent(long ns, long now, Budgets budgets) {
        longest = Math.max(longest, ns);
        if (samples++ < WARM_UP) {
            return;
        }
        long counted = Math.min(ns, budgets.hookMeanNs * MOST_OF_ONE);
        mean = samples == WARM_UP + 1 ? counted : mean + (counted - mean >> MEAN_SHIFT);
        if (mean > budgets.hookMeanNs) {
            closeFor("calls take " + mean + " ns at the mean, past " + budgets.hookMeanNs);
        }
        if (ns > budgets.hookOnceNs) {
            countSlow(now, budgets);
        }
    }

    private void countSlow(long now, Budgets budgets) {
        if (slow == 0 || now - slowSince > SLOW_WITHIN_NS) {
            slow = 0;
            slowSince = now;
        }
        if (++slow >= SLOW_CALLS) {
            closeFor(slow + " calls within a minute took more than " + budgets.hookOnceNs + " ns");
        }
    }

    private void closeFor(String reason) {
        overBudget = reason;
        closed = true;
    }
}
