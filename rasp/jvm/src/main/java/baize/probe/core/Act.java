package baize.probe.core;

/** One act as an application's thread left it, for the probe's thread to explain. */
final class Act {
    final Point point;
    /** null if the table had no room for it. */
    final Seen.Entry entry;
    final Object key;
    /** Names and values, one after the other. */
    final String[] arguments;
    /** Made where the act happened, not yet turned into frames. */
    final Throwable stack;
    final long monotonicNs;
    final long wallMs;
    final long tid;
    final String thread;
    final boolean virtual;
    /** The class loader that the thread works for; the application's classes are looked for there first. */
    final ClassLoader context;
    /** Engine prefix, hook and value, in threes, oldest first; null if there are none. */
    final String[] crumbs;
    final String nonce;

    Act(
            Point point,
            Seen.Entry entry,
            Object key,
            String[] arguments,
            Throwable stack,
            Threads.Local local,
            String nonce) {
        this.point = point;
        this.entry = entry;
        this.key = key;
        this.arguments = arguments;
        this.stack = stack;
        this.monotonicNs = System.nanoTime();
        this.wallMs = System.currentTimeMillis();
        Thread thread = Thread.currentThread();
        this.virtual = Threads.isVirtual(thread);
        this.tid = local.tid(virtual);
        this.thread = thread.getName();
        this.context = thread.getContextClassLoader();
        this.crumbs = local.crumbs();
        this.nonce = nonce;
    }
}
