package baize.probe.core;

/** What state hooks and points are in, and why. */
final class States {
    /** In the order of probe.proto's HookState. */
    enum State {
        UNSPECIFIED,
        LIVE,
        WAITING,
        ABSENT,
        FAILED,
        OFF,
        OVER_BUDGET
    }

    static final class Of {
        final State state;
        final String reason;

        Of(State state, String reason) {
            this.state = state;
            this.reason = reason;
        }
    }

    private final Catalog catalog;

    States(Catalog catalog) {
        this.catalog = catalog;
    }

    Of of(Point point) {
        if (point.classes() > 0) {
            return new Of(State.LIVE, "");
        }
        String failure = point.failure();
        if (failure.equals(Point.NO_SUCH_METHOD)) {
            return new Of(State.ABSENT, failure);
        }
        if (!failure.isEmpty()) {
            return new Of(State.FAILED, failure);
        }
        if (Names.isRuntime(point.className) && !inRuntime(point.className)) {
            return new Of(State.ABSENT, "this Java has no such class");
        }
        return new Of(State.WAITING, "the class is not loaded");
    }

    private static boolean inRuntime(String className) {
        return ClassLoader.getSystemResource(className.replace('.', '/') + ".class") != null;
    }

    /** A hook is live when a point is and none failed; otherwise the worst that holds for its points. */
    Of of(Hook hook) {
        if (hook.isOff()) {
            return new Of(State.OFF, "switched off by the configuration");
        }
        if (!hook.overBudget().isEmpty()) {
            return new Of(State.OVER_BUDGET, hook.overBudget());
        }
        boolean live = false;
        boolean waiting = false;
        for (Point point : catalog.points) {
            if (point.hook != hook) {
                continue;
            }
            Of state = point == catalog.defined ? new Of(State.LIVE, "") : of(point);
            if (state.state == State.FAILED) {
                return new Of(State.FAILED, point.title() + ": " + state.reason);
            }
            live |= state.state == State.LIVE;
            waiting |= state.state == State.WAITING;
        }
        if (live) {
            return new Of(State.LIVE, "");
        }
        return waiting
                ? new Of(State.WAITING, "none of its classes is loaded")
                : new Of(State.ABSENT, "this Java has none of its methods");
    }
}
