package baize.probe.core;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Where a class comes from, as probe.proto's Origin; immutable. */
final class Origin {
    enum Kind {
        UNSPECIFIED,
        RUNTIME,
        JAR,
        DIRECTORY,
        GENERATED,
        NONE,
        UNKNOWN
    }

    enum Resource {
        UNSPECIFIED,
        PRESENT,
        ABSENT
    }

    static final Origin GONE =
            new Origin(Kind.UNKNOWN, "", "", Resource.UNSPECIFIED, "no loaded class has this name any more");

    final Kind kind;
    final String source;
    final String loader;
    final Resource resource;
    final List<String> evidence;

    Origin(Kind kind, String source, String loader, Resource resource, String... evidence) {
        this.kind = kind;
        this.source = source;
        this.loader = loader;
        this.resource = resource;
        this.evidence = Collections.unmodifiableList(Arrays.asList(evidence));
    }

    /** Nothing vouches for the class: it has no file where it says it comes from. */
    boolean sourceless() {
        return kind == Kind.NONE
                || resource == Resource.ABSENT && (kind == Kind.JAR || kind == Kind.DIRECTORY);
    }
}
