package baize.probe.core;

import java.lang.instrument.Instrumentation;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.net.URL;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the classes of a stack and where they come from. A Throwable has names alone, so the classes are looked
 * for among all that are loaded, once for each name. The probe's thread alone.
 */
final class Origins {
    private static final int MOST_NAMES = 8192;

    /** A class of a stack, as long as it is there, with what is known of it. */
    static final class Known {
        final WeakReference<Class<?>> type;
        final Origin origin;

        Known(Class<?> type, Origin origin) {
            this.type = new WeakReference<>(type);
            this.origin = origin;
        }
    }

    private static final Known GONE = new Known(null, Origin.GONE);

    private final Instrumentation instrumentation;
    private final Map<String, List<Known>> known = new HashMap<>();
    private final ClassLoader platform;

    Origins(Instrumentation instrumentation) {
        this.instrumentation = instrumentation;
        ClassLoader system = ClassLoader.getSystemClassLoader();
        ClassLoader found = null;
        try {
            found = (ClassLoader) ClassLoader.class.getMethod("getPlatformClassLoader").invoke(null);
        } catch (ReflectiveOperationException e) {
            // Java 8: the loader of extensions is the parent of the system's.
            found = system == null ? null : system.getParent();
        }
        platform = found;
    }

    /** Looks up all names that are not known yet, in one pass over the loaded classes. */
    void learn(Collection<String> names) {
        Set<String> missing = new HashSet<>();
        for (String name : names) {
            List<Known> candidates = known.get(name);
            if (candidates == null || candidates.stream().anyMatch(one -> one.type.get() == null)) {
                missing.add(name);
            }
        }
        if (missing.isEmpty()) {
            return;
        }
        if (known.size() > MOST_NAMES) {
            known.clear();
        }
        for (String name : missing) {
            known.put(name, new ArrayList<>(1));
        }
        for (Class<?> type : instrumentation.getAllLoadedClasses()) {
            if (missing.contains(type.getName())) {
                known.get(type.getName()).add(new Known(type, of(type)));
            }
        }
    }

    /**
     * The class of this name that a thread with this context loader runs; of several the one that the context
     * sees. If they differ and none is nearer, the origin is unknown and says so.
     */
    Known find(String name, ClassLoader context) {
        List<Known> candidates = known.get(name);
        if (candidates == null || candidates.isEmpty()) {
            return GONE;
        }
        if (candidates.size() == 1) {
            return candidates.get(0);
        }
        for (ClassLoader loader = context; loader != null; loader = loader.getParent()) {
            for (Known candidate : candidates) {
                Class<?> type = candidate.type.get();
                if (type != null && type.getClassLoader() == loader) {
                    return candidate;
                }
            }
        }
        Known first = candidates.get(0);
        for (Known candidate : candidates) {
            if (candidate.origin.kind != first.origin.kind || !candidate.origin.source.equals(first.origin.source)) {
                String evidence = candidates.size() + " classes have this name, from different sources";
                return new Known(null, new Origin(Origin.Kind.UNKNOWN, "", "", Origin.Resource.UNSPECIFIED, evidence));
            }
        }
        return first;
    }

    /** Where a class comes from. */
    Origin of(Class<?> type) {
        ClassLoader loader = type.getClassLoader();
        if (loader == null || loader == platform) {
            return new Origin(
                    Origin.Kind.RUNTIME,
                    moduleOf(type),
                    loader == null ? "boot" : nameOf(loader),
                    Origin.Resource.UNSPECIFIED,
                    "loaded by the JDK's own loader");
        }
        URL source = sourceOf(type);
        URL resource = resourceOf(type, loader);
        return judge(type.getName(), nameOf(loader), source, resource);
    }

    private static Origin judge(String name, String loader, URL source, URL resource) {
        Origin.Resource state = resource == null ? Origin.Resource.ABSENT : Origin.Resource.PRESENT;
        if (resource == null && Names.isGenerated(name)) {
            String evidence = "the name is that of a class generated at run time"
                    + (Names.origin(name).equals(name) ? "" : " from " + Names.origin(name));
            return new Origin(Origin.Kind.GENERATED, text(source), loader, state, evidence);
        }
        if (source == null && resource == null) {
            return new Origin(
                    Origin.Kind.NONE,
                    "",
                    loader,
                    state,
                    "the class has no code source",
                    "its loader has no resource of its name: it was defined from memory");
        }
        String from = text(source == null ? resource : source);
        String evidence = source == null
                ? "the class has no code source; its loader has its resource at " + resource
                : resource == null
                        ? "the class names " + source + " as its code source, but its loader has no resource of its name"
                        : "the class is in its code source: " + resource;
        boolean directory = from.endsWith("/") && !from.contains("!") && !from.contains(".jar/");
        return new Origin(directory ? Origin.Kind.DIRECTORY : Origin.Kind.JAR, from, loader, state, evidence);
    }

    private static String text(URL url) {
        return url == null ? "" : url.toString();
    }

    private static URL sourceOf(Class<?> type) {
        try {
            CodeSource source = type.getProtectionDomain().getCodeSource();
            return source == null ? null : source.getLocation();
        } catch (RuntimeException e) {
            return null;
        }
    }

    private static URL resourceOf(Class<?> type, ClassLoader loader) {
        try {
            return loader.getResource(type.getName().replace('.', '/') + ".class");
        } catch (Throwable e) {
            // The application's loader may do what it wants.
            return null;
        }
    }

    private static String moduleOf(Class<?> type) {
        try {
            Object module = Class.class.getMethod("getModule").invoke(type);
            Object name = module.getClass().getMethod("getName").invoke(module);
            return name == null ? "" : name.toString();
        } catch (ReflectiveOperationException e) {
            return "rt.jar";
        }
    }

    private static String nameOf(ClassLoader loader) {
        String type = loader.getClass().getName();
        try {
            Method getName = ClassLoader.class.getMethod("getName");
            Object name = getName.invoke(loader);
            return name == null ? type : type + " " + name;
        } catch (ReflectiveOperationException e) {
            return type;
        }
    }
}
