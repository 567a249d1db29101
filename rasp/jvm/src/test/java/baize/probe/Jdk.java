package baize.probe;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A JDK on this machine: the one that runs the tests, and one of each other version below /usr/lib/jvm. */
record Jdk(int version, Path home) {
    static List<Jdk> all() throws IOException {
        TreeMap<Integer, Jdk> found = new TreeMap<>();
        add(found, Path.of(System.getProperty("java.home")));
        Path others = Path.of("/usr/lib/jvm");
        if (Files.isDirectory(others)) {
            try (Stream<Path> homes = Files.list(others)) {
                for (Path home : homes.sorted().toList()) {
                    add(found, home);
                }
            }
        }
        return new ArrayList<>(found.values());
    }

    private static void add(TreeMap<Integer, Jdk> found, Path home) throws IOException {
        Path release = home.resolve("release");
        if (!Files.isRegularFile(release) || !Files.isExecutable(home.resolve("bin/java"))) {
            return;
        }
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(release)) {
            properties.load(in);
        }
        String version = properties.getProperty("JAVA_VERSION", "").replace("\"", "");
        String[] parts = version.split("[._]");
        int feature = Integer.parseInt(parts[0].equals("1") ? parts[1] : parts[0]);
        found.putIfAbsent(feature, new Jdk(feature, home));
    }

    @Override
    public String toString() {
        return "Java " + version;
    }
}
