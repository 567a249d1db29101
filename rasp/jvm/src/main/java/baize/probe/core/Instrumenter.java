package baize.probe.core;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.List;

/** Puts the calls into the classes of the catalog, and takes them out again. */
final class Instrumenter implements ClassFileTransformer {
    private final Instrumentation instrumentation;
    private final Catalog catalog;
    private final Gate gate;
    private final ClassLoader own = Instrumenter.class.getClassLoader();
    private final ClassLoader platform = ClassLoader.getSystemClassLoader().getParent();
    private volatile boolean closed;

    Instrumenter(Instrumentation instrumentation, Catalog catalog, Gate gate) {
        this.instrumentation = instrumentation;
        this.catalog = catalog;
        this.gate = gate;
    }

    /** Instruments what is loaded, one class at a time, and from now on what is loaded later. */
    void install() {
        instrumentation.addTransformer(this, true);
        for (Class<?> type : targets()) {
            try {
                if (instrumentation.isModifiableClass(type)) {
                    instrumentation.retransformClasses(type);
                } else {
                    failed(type.getName(), "the class cannot be modified");
                }
            } catch (Throwable e) {
                failed(type.getName(), e.toString());
            }
        }
    }

    /** What restore came to. */
    static final class Restored {
        int classes;
        final List<String> failures = new ArrayList<>();
    }

    /** Takes every call out: classes have their own bytes again, or those of other agents. */
    Restored restore() {
        closed = true;
        instrumentation.removeTransformer(this);
        Restored result = new Restored();
        for (Class<?> type : targets()) {
            try {
                if (instrumentation.isModifiableClass(type)) {
                    instrumentation.retransformClasses(type);
                    result.classes++;
                }
            } catch (Throwable e) {
                result.failures.add(type.getName() + ": " + e);
            }
        }
        return result;
    }

    private List<Class<?>> targets() {
        List<Class<?>> targets = new ArrayList<>();
        for (Class<?> type : instrumentation.getAllLoadedClasses()) {
            if (!catalog.pointsOf(type.getName()).isEmpty()) {
                targets.add(type);
            }
        }
        return targets;
    }

    private void failed(String className, String reason) {
        for (Point point : catalog.pointsOf(className)) {
            point.failed(reason);
        }
    }

    @Override
    public byte[] transform(
            ClassLoader loader, String internalName, Class<?> redefined, ProtectionDomain domain, byte[] code) {
        if (closed || internalName == null) {
            return null;
        }
        String name = internalName.replace('/', '.');
        try {
            List<Point> points = catalog.pointsOf(name);
            if (!points.isEmpty()) {
                return inject(loader, name, points, code);
            }
            if (redefined == null) {
                defined(loader, name, domain, code);
            }
        } catch (Throwable e) {
            failed(name, e.toString());
            gate.note(e);
        }
        return null;
    }

    private byte[] inject(ClassLoader loader, String name, List<Point> points, byte[] code) {
        Injector.Result result = Injector.inject(code, points);
        String where = name + "@" + (loader == null ? "boot" : loader.getClass().getName() + System.identityHashCode(loader));
        for (Point point : points) {
            if (result.points.contains(point)) {
                point.instrumented(where);
            } else {
                point.failed(Point.NO_SUCH_METHOD);
            }
        }
        return result.points.isEmpty() ? null : result.code;
    }

    /** Tells of a class that an application's loader defines out of nothing that has a name. */
    private void defined(ClassLoader loader, String name, ProtectionDomain domain, byte[] code) {
        if (loader == null || loader == own || loader == platform || Names.isRuntime(name) || Names.isGenerated(name)) {
            return;
        }
        CodeSource source = domain == null ? null : domain.getCodeSource();
        if (source == null || source.getLocation() == null) {
            gate.entered(catalog.defined.id, null, name, loader, code.length);
        }
    }
}
