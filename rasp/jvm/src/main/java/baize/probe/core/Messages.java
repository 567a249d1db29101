package baize.probe.core;

import java.util.List;

/** Frames of the contract, as bytes. Field numbers are those of proto/baize/probe/v1/probe.proto. */
final class Messages {
    /** Characters of one value, and of all of one event. */
    static final int LONGEST_VALUE = 4096;

    private static final int LONGEST_VALUES = 65_536;

    private Messages() {}

    static byte[] hello(Arguments arguments, Machine machine, String nonce, int connection, String channel) {
        Wire hello = new Wire()
                .text(1, arguments.token)
                .number(2, machine.pid)
                .number(3, machine.startTicks)
                .text(4, "jvm")
                .text(5, System.getProperty("java.version"))
                .text(6, System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"))
                .text(7, machine.probeVersion)
                .text(8, machine.probeHash)
                .text(9, nonce)
                .number(10, connection)
                .number(11, StackHash.VERSION)
                .text(12, Wire.cut(System.getProperty("sun.java.command", ""), 1024))
                .text(13, channel);
        return new Wire().message(1, hello).bytes();
    }

    static byte[] hookStatus(Catalog catalog, States states, boolean complete) {
        Wire status = new Wire();
        for (Hook hook : catalog.hooks.values()) {
            Wire one = new Wire().text(1, hook.name);
            States.Of state = states.of(hook);
            one.number(2, state.state.ordinal()).text(3, state.reason);
            for (Point point : catalog.points) {
                if (point.hook == hook && point != catalog.defined) {
                    one.message(4, point(point, states.of(point)));
                }
            }
            status.message(1, one);
        }
        return new Wire().message(2, status.flag(2, complete)).bytes();
    }

    private static Wire point(Point point, States.Of state) {
        return new Wire()
                .text(1, point.className)
                .text(2, point.method)
                .text(3, point.descriptor)
                .number(4, state.state.ordinal())
                .text(5, state.reason)
                .number(6, point.classes());
    }

    static byte[] verified(String nonce, List<SelfTest.Check> checks) {
        Wire verified = new Wire().text(1, nonce);
        for (SelfTest.Check check : checks) {
            verified.message(
                    2, new Wire().text(1, check.hook).number(2, check.result.ordinal()).text(3, check.reason));
        }
        return new Wire().message(3, verified).bytes();
    }

    static byte[] event(long id, Act act, Stacks.Stack stack, long wallNs) {
        Wire event = new Wire()
                .number(1, id)
                .text(2, act.point.hook.name)
                .text(3, act.point.title())
                .number(4, act.monotonicNs)
                .number(5, wallNs)
                .number(6, act.tid)
                .text(7, Wire.cut(act.thread, LONGEST_VALUE))
                .flag(8, act.virtual);
        int room = LONGEST_VALUES;
        for (int i = 0; i + 1 < act.arguments.length && room > 1; i += 2) {
            String value = Wire.cut(act.arguments[i + 1], Math.min(LONGEST_VALUE, room));
            room -= value == null ? 0 : value.length();
            event.message(9, new Wire().text(1, act.arguments[i]).text(2, value));
        }
        event.message(10, stack(stack));
        crumbs(event, act, stack);
        event.text(12, act.nonce).flag(13, act.entry == null && act.nonce == null);
        return new Wire().message(4, event).bytes();
    }

    private static Wire stack(Stacks.Stack stack) {
        Wire wire = new Wire().text(1, stack.hash.hash).text(2, stack.hash.businessHash);
        for (Stacks.Frame frame : stack.frames) {
            StackTraceElement element = frame.element;
            wire.message(
                    3,
                    new Wire()
                            .text(1, element.getClassName())
                            .text(2, element.getMethodName())
                            .text(3, frame.descriptor)
                            .text(4, element.getFileName())
                            .number(5, element.isNativeMethod() ? -2 : Math.max(0, element.getLineNumber()))
                            .number(6, frame.origin)
                            .flag(7, frame.business));
        }
        wire.number(4, stack.dropped).number(5, stack.topBusiness);
        for (Origin origin : stack.origins) {
            wire.message(
                    6,
                    new Wire()
                            .number(1, origin.kind.ordinal())
                            .text(2, Wire.cut(origin.source, LONGEST_VALUE))
                            .text(3, origin.loader)
                            .number(4, origin.resource.ordinal())
                            .texts(5, origin.evidence));
        }
        return wire;
    }

    /** Those breadcrumbs below whose interpreter the act happened. */
    private static void crumbs(Wire event, Act act, Stacks.Stack stack) {
        if (act.crumbs == null) {
            return;
        }
        for (int i = 0; i < act.crumbs.length; i += 3) {
            if (isBelow(stack, act.crumbs[i])) {
                event.message(11, new Wire().text(1, act.crumbs[i + 1]).text(2, act.crumbs[i + 2]));
            }
        }
    }

    private static boolean isBelow(Stacks.Stack stack, String engine) {
        // The first frame is the hooked method itself.
        for (Stacks.Frame frame : stack.frames.subList(Math.min(1, stack.frames.size()), stack.frames.size())) {
            if (frame.element.getClassName().startsWith(engine)) {
                return true;
            }
        }
        return false;
    }

    static byte[] counters(List<Sights.Sight> sights, Catalog catalog) {
        Wire counters = new Wire().number(1, System.nanoTime());
        boolean any = false;
        for (Sights.Sight sight : sights) {
            any = true;
            counters.message(
                    2,
                    new Wire()
                            .number(1, sight.event)
                            .number(2, sight.count)
                            .number(3, sight.withoutStack)
                            .number(4, sight.lastNs));
        }
        for (Hook hook : catalog.hooks.values()) {
            long lost = hook.overflow.sumThenReset();
            if (lost > 0) {
                any = true;
                counters.message(3, new Wire().text(1, hook.name).number(2, lost));
            }
        }
        return any ? new Wire().message(5, counters).bytes() : null;
    }

    static byte[] heartbeat(
            Catalog catalog, States states, Gate gate, String configuration, long skipped, long cpuNs) {
        Runtime runtime = Runtime.getRuntime();
        Wire beat = new Wire()
                .number(1, System.nanoTime())
                .number(2, System.currentTimeMillis() * 1_000_000)
                .text(3, configuration);
        for (Hook hook : catalog.hooks.values()) {
            beat.message(
                    4,
                    new Wire()
                            .text(1, hook.name)
                            .number(2, states.of(hook).state.ordinal())
                            .number(3, hook.calls.sum())
                            .number(4, hook.events)
                            .number(5, hook.repeats.sum())
                            .number(6, hook.lost.sum())
                            .number(7, hook.meanNs())
                            .number(8, hook.longestNs()));
        }
        beat.number(5, gate.queued())
                .number(6, Gate.QUEUE)
                .number(7, skipped)
                .number(8, cpuNs)
                .number(9, runtime.totalMemory() - runtime.freeMemory())
                .number(10, runtime.maxMemory())
                .text(11, gate.breaker)
                .number(12, gate.seen.size())
                .number(13, Seen.CAPACITY)
                .number(14, gate.exceptions.get())
                .text(15, gate.lastException);
        return new Wire().message(6, beat).bytes();
    }

    static byte[] detached(String reason, Instrumenter.Restored restored) {
        Wire detached = new Wire().text(1, reason).number(2, restored.classes).texts(3, restored.failures);
        return new Wire().message(7, detached).bytes();
    }

    static byte[] failure(String place, String reason) {
        Wire failure = new Wire().text(1, place).text(2, Wire.cut(reason, LONGEST_VALUE));
        return new Wire().message(8, failure).bytes();
    }
}
