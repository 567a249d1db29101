package baize.probe.core;

/** Acts out of the gate become events and counters. The probe's thread alone. */
final class Reports {
    /** Entries untouched for so long leave the table; when it is nearly full, sooner. */
    private static final int IDLE_SECONDS = 600;

    private static final int IDLE_SECONDS_WHEN_FULL = 20;

    private final Catalog catalog;
    private final Gate gate;
    private final Stacks stacks;
    private final Sights sights = new Sights();
    private long events;
    /** Full events that may be told now. */
    private double allowance;

    Reports(Catalog catalog, Gate gate, Stacks stacks) {
        this.catalog = catalog;
        this.gate = gate;
        this.stacks = stacks;
    }

    /** Refills the budgets of events and stacks for the time that went by. */
    void refill(long elapsedNs) {
        Budgets budgets = gate.budgets;
        double seconds = Math.min(1, elapsedNs / 1e9);
        allowance = Math.min(budgets.eventsPerSecond, allowance + budgets.eventsPerSecond * seconds);
        int more = (int) Math.ceil(budgets.stacksPerSecond * seconds);
        gate.stacks.updateAndGet(left -> Math.min(budgets.stacksPerSecond, Math.max(0, left) + more));
    }

    /** Explains the acts that wait, until the budget of events or the room in the connection is used up. */
    void drain(Connection to) {
        for (Act act = gate.peek(); act != null && to.hasRoom(); act = gate.peek()) {
            try {
                if (!take(act, to)) {
                    return;
                }
            } catch (RuntimeException | LinkageError e) {
                gate.note(e);
                act.point.hook.lost.increment();
                act.point.hook.overflow.increment();
            }
            gate.drop();
        }
    }

    /** Whether the act is done with. */
    private boolean take(Act act, Connection to) {
        StackTraceElement[] elements = act.stack.getStackTrace();
        long identity = Stacks.identity(act.point, elements);
        if (act.nonce == null && sights.repeat(act, identity) != null) {
            act.point.hook.repeats.increment();
            return true;
        }
        if (act.nonce == null && allowance < 1) {
            return false;
        }
        Stacks.Stack stack = stacks.explain(act, elements, identity);
        if (stack.nested && act.nonce == null) {
            return true;
        }
        events++;
        if (act.nonce == null) {
            allowance--;
            Sights.Sight sight = sights.first(act, identity, events);
            if (act.entry != null && act.entry.first == null) {
                act.entry.first = sight;
            }
        }
        act.point.hook.events++;
        to.put(Messages.event(events, act, stack, wallNs(act)));
        return true;
    }

    /** The wall clock in nanoseconds: Java 8 has milliseconds, the monotonic clock has the rest. */
    private static long wallNs(Act act) {
        return act.wallMs * 1_000_000;
    }

    /** Puts in what was counted since the last time, if anything was. */
    void count(Connection to) {
        boolean full = gate.seen.size() > Seen.CAPACITY * 3 / 4;
        int idle = full ? IDLE_SECONDS_WHEN_FULL : IDLE_SECONDS;
        int now = gate.now;
        gate.seen.each(entry -> {
            if (entry.first != null) {
                long count = entry.getAndSet(0);
                if (count > 0) {
                    entry.first.withoutStack += count;
                    entry.first.lastNs = System.nanoTime();
                }
            }
            return now - entry.touched > idle;
        });
        byte[] frame = Messages.counters(sights.take(), catalog);
        if (frame != null) {
            to.put(frame);
        }
    }

    /** Forgets what was seen: another agent is at the other end, who knows none of it. */
    void forget() {
        gate.seen.each(entry -> true);
        sights.clear();
    }
}
