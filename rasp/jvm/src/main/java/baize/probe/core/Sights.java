package baize.probe.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * First sights by (point, argument, stack), and what repeats them. The eldest leaves when there are too many; an
 * act of it is then a first sight again. The probe's thread alone.
 */
final class Sights {
    private static final int CAPACITY = 8192;

    private static final class Key {
        private final Point point;
        private final Object argument;
        private final long stack;

        Key(Point point, Object argument, long stack) {
            this.point = point;
            this.argument = argument;
            this.stack = stack;
        }

        @Override
        public int hashCode() {
            return (point.id * 31 + argument.hashCode()) * 31 + Long.hashCode(stack);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key
                    && point == ((Key) other).point
                    && stack == ((Key) other).stack
                    && argument.equals(((Key) other).argument);
        }
    }

    /** One first sight and its repeats since they were last told. */
    static final class Sight {
        final long event;
        long count;
        long withoutStack;
        long lastNs;

        Sight(long event) {
            this.event = event;
        }
    }

    private final List<Sight> left = new ArrayList<>();

    private final Map<Key, Sight> sights = new LinkedHashMap<Key, Sight>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Sight> eldest) {
            if (size() <= CAPACITY) {
                return false;
            }
            if (eldest.getValue().count + eldest.getValue().withoutStack > 0) {
                left.add(eldest.getValue());
            }
            return true;
        }
    };

    /** Counts a repeat and returns its first sight, or null if there was none. */
    Sight repeat(Act act, long stack) {
        Sight sight = sights.get(new Key(act.point, act.key, stack));
        if (sight != null) {
            sight.count++;
            sight.lastNs = act.monotonicNs;
        }
        return sight;
    }

    Sight first(Act act, long stack, long event) {
        Sight sight = new Sight(event);
        sights.put(new Key(act.point, act.key, stack), sight);
        return sight;
    }

    /** Takes what was counted since the last time. */
    List<Sight> take() {
        List<Sight> taken = new ArrayList<>();
        for (Sight sight : left) {
            taken.add(sight);
        }
        left.clear();
        for (Sight sight : sights.values()) {
            if (sight.count + sight.withoutStack > 0) {
                Sight copy = new Sight(sight.event);
                copy.count = sight.count;
                copy.withoutStack = sight.withoutStack;
                copy.lastNs = sight.lastNs;
                taken.add(copy);
                sight.count = 0;
                sight.withoutStack = 0;
            }
        }
        return taken;
    }

    void clear() {
        sights.clear();
        left.clear();
    }
}
