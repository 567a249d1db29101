package baize.probe.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/**
 * What the probe keeps for each thread of the application. Only classes of the JDK hang in a thread: one of the
 * probe's own would hold the whole probe there after it left.
 */
final class Threads {
    /** Breadcrumbs of one thread that are kept. */
    static final int CRUMBS = 16;

    private static final int FIELDS = 3;
    private static final Path SELF = Paths.get("/proc/thread-self");

    private final ThreadLocal<Object[]> slots = new ThreadLocal<>();

    /** A view of one thread's slots, for as long as one call. */
    static final class Local {
        private final Object[] slots;

        private Local(Object[] slots) {
            this.slots = slots;
        }

        private long[] numbers() {
            return (long[]) slots[0];
        }

        /** Enters a hook, unless the thread is within one already. */
        boolean enter() {
            long[] numbers = numbers();
            if (numbers[0] != 0) {
                return false;
            }
            numbers[0] = 1;
            return true;
        }

        void leave() {
            numbers()[0] = 0;
        }

        /** Thread id in the process's own namespace, 0 if unknown. A virtual thread has a carrier's, which changes. */
        long tid(boolean virtual) {
            long[] numbers = numbers();
            if (numbers[1] == 0 || virtual) {
                numbers[1] = readTid();
            }
            return numbers[1];
        }

        /**
         * Notes what an interpreter was told. What belongs to another stream than the last is no longer of
         * interest: the newcomer begins anew.
         */
        void crumb(Point point, String value, int owner) {
            long[] numbers = numbers();
            if (owner != 0 && numbers[3] != owner) {
                numbers[2] = 0;
                numbers[3] = owner;
            }
            String[] crumbs = (String[]) slots[1];
            if (crumbs == null) {
                crumbs = new String[CRUMBS * FIELDS];
                slots[1] = crumbs;
            }
            int last = index(numbers[2] - 1);
            if (numbers[2] > 0 && value.equals(crumbs[last + 2]) && point.engine.equals(crumbs[last])) {
                return;
            }
            int at = index(numbers[2]++);
            crumbs[at] = point.engine;
            crumbs[at + 1] = point.hook.name;
            crumbs[at + 2] = value;
        }

        String[] crumbs() {
            long count = numbers()[2];
            if (count == 0) {
                return null;
            }
            String[] ring = (String[]) slots[1];
            int kept = (int) Math.min(count, CRUMBS);
            String[] ordered = new String[kept * FIELDS];
            for (int i = 0; i < kept; i++) {
                System.arraycopy(ring, index(count - kept + i), ordered, i * FIELDS, FIELDS);
            }
            return ordered;
        }

        private static int index(long number) {
            return (int) Math.floorMod(number, (long) CRUMBS) * FIELDS;
        }
    }

    Local local() {
        Object[] mine = slots.get();
        if (mine == null) {
            // Within a hook, thread id, breadcrumbs so far, the stream they are of.
            mine = new Object[] {new long[4], null};
            slots.set(mine);
        }
        return new Local(mine);
    }

    static boolean isVirtual(Thread thread) {
        String type = thread.getClass().getName();
        return type.equals("java.lang.VirtualThread") || type.equals("java.lang.ThreadBuilders$BoundVirtualThread");
    }

    static long readTid() {
        try {
            String target = Files.readSymbolicLink(SELF).toString();
            return Long.parseLong(target.substring(target.lastIndexOf('/') + 1));
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }
}
