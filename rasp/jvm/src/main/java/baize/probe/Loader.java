package baize.probe;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.AllPermission;
import java.security.Permissions;
import java.security.ProtectionDomain;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * The disposable loader of the probe: its classes see the JDK and themselves, none of the application's. It
 * holds the jar's classes in memory rather than the jar open, so that no descriptor of the application is used
 * and the file can go.
 */
final class Loader extends ClassLoader {
    private final Map<String, byte[]> files = new HashMap<>();
    private final ProtectionDomain domain;

    Loader(String jar) throws IOException {
        super(platform());
        Permissions all = new Permissions();
        all.add(new AllPermission());
        domain = new ProtectionDomain(null, all);
        try (InputStream file = new FileInputStream(jar);
                ZipInputStream zip = new ZipInputStream(file)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (!entry.isDirectory()) {
                    files.put(entry.getName(), read(zip));
                }
            }
        }
    }

    /** The loader of the JDK's modules that the boot loader does not have; Java 8 has none that matter. */
    private static ClassLoader platform() {
        try {
            return (ClassLoader) ClassLoader.class.getMethod("getPlatformClassLoader").invoke(null);
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }

    private static byte[] read(InputStream from) throws IOException {
        ByteArrayOutputStream to = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
            to.write(buffer, 0, n);
        }
        return to.toByteArray();
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] code = files.get(name.replace('.', '/') + ".class");
        if (code == null || name.startsWith("java.")) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, code, 0, code.length, domain);
    }

    @Override
    public InputStream getResourceAsStream(String name) {
        byte[] file = files.get(name);
        return file == null ? null : new ByteArrayInputStream(file);
    }
}
