package baize.probe.core;

import java.io.ObjectInputStream;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Where every hook arrives, on the application's threads: guard, argument, what was seen before, and only then
 * a Throwable for the probe's thread. Nothing here waits, and nothing that goes wrong here reaches the
 * application.
 */
final class Gate extends BaizeSpy {
    static final int QUEUE = 1024;

    final Seen seen = new Seen();
    final AtomicLong exceptions = new AtomicLong();
    volatile String lastException = "";
    volatile Budgets budgets = Budgets.DEFAULT;
    /** Why nothing is looked at, or empty. */
    volatile String breaker = "";
    /** Seconds since the probe was loaded. */
    volatile int now;
    /** Repeats of which the stack may still be taken, refilled by the probe's thread. */
    final AtomicInteger stacks = new AtomicInteger();

    private final Point[] points;
    private final Threads threads = new Threads();
    private final Queue<Act> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private volatile boolean shut;
    /** The probe's thread, whose own acts are of no interest but in a self-test. */
    private volatile Thread own;
    private volatile String nonce;
    /** Which hooks the self-test reached; the probe's thread alone. */
    private boolean[] reached;

    Gate(Catalog catalog) {
        points = catalog.table();
    }

    void ownedBy(Thread thread) {
        own = thread;
    }

    /** Looks at nothing any more: the probe leaves. */
    void shut() {
        shut = true;
        queue.clear();
    }

    void breaker(String reason) {
        breaker = reason;
    }

    @Override
    public void entered(int id, Object self, Object a, Object b, Object c) {
        Point point = points[id];
        if (shut || point.hook.closed || !breaker.isEmpty()) {
            return;
        }
        String test = null;
        if (Thread.currentThread() == own) {
            test = nonce;
            if (test == null) {
                return;
            }
        }
        Threads.Local local = threads.local();
        if (!local.enter()) {
            return;
        }
        try {
            boolean timed = point.hook.sample();
            long start = timed ? System.nanoTime() : 0;
            take(point, self, a, b, c, local, test);
            if (timed) {
                long end = System.nanoTime();
                point.hook.spent(end - start, end, budgets);
            }
        } catch (Throwable e) {
            note(e);
        } finally {
            local.leave();
        }
    }

    private void take(Point point, Object self, Object a, Object b, Object c, Threads.Local local, String test) {
        if (test != null) {
            reached[point.id] = true;
        }
        Object key = point.reading.key(self, a, b, c);
        if (key == null) {
            return;
        }
        Hook hook = point.hook;
        hook.calls.increment();
        if (point.engine != null) {
            local.crumb(point, Wire.cut(key.toString(), Messages.LONGEST_VALUE), self instanceof ObjectInputStream ? System.identityHashCode(self) : 0);
            if (hook.breadcrumb && test == null) {
                return;
            }
        }
        if (test != null) {
            offer(new Act(point, null, key, point.reading.tell(self, a, b, c), new Throwable(), local, test), null);
            return;
        }
        Seen.Entry entry = seen.entry(point, key);
        if (entry != null) {
            entry.touched = now;
        }
        if (wantsStack(entry)) {
            offer(new Act(point, entry, key, point.reading.tell(self, a, b, c), new Throwable(), local, null), entry);
        } else if (entry != null) {
            entry.incrementAndGet();
            hook.repeats.increment();
        } else {
            lose(hook);
        }
    }

    /** The first of an entry always; repeats, and what the table has no room for, within the budgets. */
    private boolean wantsStack(Seen.Entry entry) {
        if (entry != null && !entry.told) {
            return true;
        }
        Budgets limits = budgets;
        return (entry == null || entry.may(now, limits.stacksPerSecondOne))
                && stacks.get() > 0
                && stacks.decrementAndGet() >= 0;
    }

    private void offer(Act act, Seen.Entry entry) {
        if (queued.get() >= QUEUE) {
            // A first that finds no room is tried again with its next repeat.
            if (entry != null && entry.told) {
                entry.incrementAndGet();
                act.point.hook.repeats.increment();
            } else {
                lose(act.point.hook);
            }
            return;
        }
        if (entry != null) {
            entry.told = true;
        }
        queued.incrementAndGet();
        queue.add(act);
    }

    private static void lose(Hook hook) {
        hook.lost.increment();
        hook.overflow.increment();
    }

    /** The next act, left where it is; null if there is none. */
    Act peek() {
        return queue.peek();
    }

    void drop() {
        if (queue.poll() != null) {
            queued.decrementAndGet();
        }
    }

    int queued() {
        return queued.get();
    }

    /** Runs something on the probe's own thread with hooks that see it; tells which points were reached. */
    boolean[] during(String test, Runnable what) {
        reached = new boolean[points.length];
        nonce = test;
        try {
            what.run();
        } finally {
            nonce = null;
        }
        return reached;
    }

    void note(Throwable e) {
        try {
            exceptions.incrementAndGet();
            StackTraceElement[] frames = e.getStackTrace();
            lastException = Wire.cut(e + (frames.length > 0 ? " at " + frames[0] : ""), Messages.LONGEST_VALUE);
        } catch (Throwable worse) {
            // There is no memory or stack left even to say so.
            lastException = "out of memory or stack";
        }
    }
}
