package baize.probe.core;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What was seen before, by (point, key): a fixed table that threads of the application look into without a
 * lock. An entry is in one bucket of eight; when a bucket or the table is full, nothing is added.
 */
final class Seen {
    static final int CAPACITY = 4096;
    private static final int WAYS = 8;
    private static final int BUCKETS = 2048;

    private final AtomicReferenceArray<Entry> slots = new AtomicReferenceArray<>(BUCKETS * WAYS);
    private final AtomicInteger size = new AtomicInteger();

    /** One (point, key). Its number is the repeats that were counted without a stack. */
    static final class Entry extends AtomicLong {
        private static final long serialVersionUID = 1;

        final transient Point point;
        final transient Object key;
        /** A first act of it waits for the probe's thread, or has been told. */
        volatile boolean told;
        /** Coarse time of the latest use, and of the second for which used counts. */
        volatile int touched;
        private volatile int second;
        private volatile int used;
        /** The first event of it; the probe's thread alone. */
        transient Sights.Sight first;

        Entry(Point point, Object key) {
            this.point = point;
            this.key = key;
        }

        /** Whether one more stack of this entry may be taken in this second. Racy: a few more may pass. */
        boolean may(int now, int limit) {
            if (second != now) {
                second = now;
                used = 0;
            }
            int soFar = used;
            if (soFar >= limit) {
                return false;
            }
            used = soFar + 1;
            return true;
        }

        private boolean is(Point of, Object with) {
            return point == of && key.equals(with);
        }
    }

    /** The entry, made if there is room; null if there is none. */
    Entry entry(Point point, Object key) {
        int base = bucket(point, key);
        Entry made = null;
        for (int i = base; i < base + WAYS; i++) {
            Entry entry = slots.get(i);
            if (entry == null) {
                if (size.get() >= CAPACITY) {
                    return null;
                }
                made = made == null ? new Entry(point, key) : made;
                if (slots.compareAndSet(i, null, made)) {
                    size.incrementAndGet();
                    return made;
                }
                entry = slots.get(i);
            }
            if (entry != null && entry.is(point, key)) {
                return entry;
            }
        }
        return null;
    }

    private static int bucket(Point point, Object key) {
        int hash = key.hashCode() * 31 + point.id;
        hash *= 0x9e3779b9;
        return (hash >>> 21) * WAYS;
    }

    int size() {
        return size.get();
    }

    /** Does something with every entry; it is removed if that returns true. The probe's thread alone. */
    interface Visitor {
        boolean visit(Entry entry);
    }

    void each(Visitor visitor) {
        for (int i = 0; i < slots.length(); i++) {
            Entry entry = slots.get(i);
            if (entry != null && visitor.visit(entry) && slots.compareAndSet(i, entry, null)) {
                size.decrementAndGet();
            }
        }
    }
}
