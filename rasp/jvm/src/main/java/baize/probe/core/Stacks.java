package baize.probe.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Turns Throwables into stacks that are explained. The probe's thread alone. */
final class Stacks {
    private static final int MOST_FRAMES = 256;
    private static final int MOST_KNOWN = 2048;
    /** How far below its start a stack is looked at for the point that saw the act first. */
    private static final int NESTED_WITHIN = 8;

    /** A stack with everything that is known of it. */
    static final class Stack {
        final List<Frame> frames = new ArrayList<>();
        final List<Origin> origins = new ArrayList<>();
        StackHash hash;
        int dropped;
        int topBusiness = -1;
        /** Another point of the same hook has seen the act on its way. */
        boolean nested;
    }

    static final class Frame {
        final StackTraceElement element;
        final String descriptor;
        final int origin;
        final boolean business;

        Frame(StackTraceElement element, String descriptor, int origin, boolean business) {
            this.element = element;
            this.descriptor = descriptor;
            this.origin = origin;
            this.business = business;
        }
    }

    private final Catalog catalog;
    private final Origins origins;
    private final Descriptors descriptors = new Descriptors();
    private Business business = Business.DEFAULT;

    private final Map<Long, Stack> known = new LinkedHashMap<Long, Stack>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Stack> eldest) {
            return size() > MOST_KNOWN;
        }
    };

    Stacks(Catalog catalog, Origins origins) {
        this.catalog = catalog;
        this.origins = origins;
    }

    void business(Business business) {
        this.business = business;
        known.clear();
    }

    /** Identity of a stack within this process: point, classes, methods and lines. */
    static long identity(Point point, StackTraceElement[] elements) {
        long id = point.id + 1;
        for (StackTraceElement element : elements) {
            id = id * 0x5851f42d4c957f2dL + element.getClassName().hashCode();
            id = id * 0x5851f42d4c957f2dL + element.getMethodName().hashCode();
            id = id * 0x5851f42d4c957f2dL + element.getLineNumber();
        }
        return id;
    }

    Stack explain(Act act, StackTraceElement[] elements, long identity) {
        Stack stack = known.get(identity);
        if (stack == null) {
            stack = explain(act.point, elements, act.context);
            known.put(identity, stack);
        }
        return stack;
    }

    private Stack explain(Point point, StackTraceElement[] all, ClassLoader context) {
        int start = start(all);
        int end = Math.min(all.length, start + MOST_FRAMES);
        Stack stack = new Stack();
        stack.dropped = all.length - end;
        List<String> names = new ArrayList<>();
        for (int i = start; i < end; i++) {
            names.add(all[i].getClassName());
        }
        origins.learn(names);
        List<StackHash.Frame> hashed = new ArrayList<>();
        for (int i = start; i < end; i++) {
            hashed.add(add(stack, all[i], context));
        }
        stack.hash = new StackHash(point.hook.name, hashed, stack.dropped > 0);
        stack.nested = point.inner && isNested(point, all, start);
        return stack;
    }

    private StackHash.Frame add(Stack stack, StackTraceElement element, ClassLoader context) {
        String name = element.getClassName();
        Origins.Known known = origins.find(name, context);
        Origin origin = known.origin;
        // A name alone makes nobody part of the JDK.
        boolean runtime = origin.kind == Origin.Kind.RUNTIME && !Names.isProxy(name)
                || origin.kind == Origin.Kind.UNKNOWN && Names.isRuntime(name)
                || Names.isRuntime(name) && Names.isGenerated(name);
        boolean ours = !runtime && !origin.sourceless() && !Names.isPlumbing(name, element.getMethodName())
                && business.has(name);
        String descriptor =
                ours ? descriptors.of(known.type.get(), element.getMethodName(), element.getLineNumber()) : "";
        int index = stack.origins.indexOf(origin);
        if (index < 0) {
            index = stack.origins.size();
            stack.origins.add(origin);
        }
        if (ours && stack.topBusiness < 0) {
            stack.topBusiness = stack.frames.size();
        }
        stack.frames.add(new Frame(element, descriptor, index, ours));
        return new StackHash.Frame(name, element.getMethodName(), runtime, ours, origin.sourceless());
    }

    /** The hooked method's frame: behind the probe's own, and what calls transformers. */
    private static int start(StackTraceElement[] elements) {
        int start = 0;
        while (start < elements.length && isProbe(elements[start].getClassName())) {
            start++;
        }
        return start;
    }

    private static boolean isProbe(String name) {
        return name.startsWith("baize.probe.core.")
                || name.equals("java.lang.BaizeSpy")
                || name.startsWith("sun.instrument.")
                || name.startsWith("java.lang.instrument.");
    }

    private boolean isNested(Point point, StackTraceElement[] elements, int start) {
        int end = Math.min(elements.length, start + 1 + NESTED_WITHIN);
        for (int i = start + 1; i < end; i++) {
            if (catalog.isPoint(point.hook, elements[i].getClassName(), elements[i].getMethodName())) {
                return true;
            }
        }
        return false;
    }
}
