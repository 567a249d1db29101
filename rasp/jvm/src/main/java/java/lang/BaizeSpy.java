package java.lang;

/**
 * What instrumented methods call. It is defined by the boot loader, in a package that every class loader
 * delegates and that java.base exports, so that any class finds it, whatever its loader and module. It is the
 * one class besides {@code baize.probe.Agent} that stays when the probe leaves: a JVM cannot unload it.
 */
public abstract class BaizeSpy {
    /** The probe that is attached, or null: then an instrumented method goes on after one volatile read. */
    public static volatile BaizeSpy handler;

    /**
     * Called at the entry of an instrumented method.
     *
     * @param point which method, an index into the probe's table of points
     * @param self the receiver, or null in static methods and constructors
     */
    public static void enter(int point, Object self, Object a, Object b, Object c) {
        BaizeSpy to = handler;
        if (to != null) {
            to.entered(point, self, a, b, c);
        }
    }

    /** Never throws, unless to refuse the act. */
    public abstract void entered(int point, Object self, Object a, Object b, Object c);
}
