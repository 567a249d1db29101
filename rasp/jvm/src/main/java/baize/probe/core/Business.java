package baize.probe.core;

import java.util.Collections;
import java.util.List;

/** Which code is the application's own rather than that of a framework or library. */
final class Business {
    /** Frameworks, containers, drivers and libraries that are found in very many applications. */
    private static final String[] FRAMEWORKS = {
        "akka.", "antlr.", "brave.", "ch.qos.logback.", "clojure.", "com.alibaba.dubbo.", "com.alibaba.druid.",
        "com.alibaba.fastjson", "com.alibaba.nacos.", "com.caucho.", "com.codahale.", "com.esotericsoftware.",
        "com.fasterxml.", "com.github.benmanes.", "com.google.common.", "com.google.gson.", "com.google.inject.",
        "com.google.protobuf.", "com.hazelcast.", "com.ibm.", "com.microsoft.sqlserver.", "com.mongodb.", "com.mysql.",
        "com.netflix.", "com.opensymphony.", "com.rabbitmq.", "com.sun.", "com.thoughtworks.xstream.", "com.vaadin.",
        "com.zaxxer.", "feign.", "freemarker.", "groovy.", "io.dropwizard.", "io.grpc.", "io.helidon.", "io.jsonwebtoken.",
        "io.lettuce.", "io.micrometer.", "io.micronaut.", "io.netty.", "io.opentelemetry.", "io.quarkus.", "io.reactivex.",
        "io.smallrye.", "io.swagger.", "io.undertow.", "io.vertx.", "io.zipkin.", "jakarta.", "javassist.", "javax.",
        "javelin.", "junit.", "kafka.", "kotlin.", "kotlinx.", "net.bytebuddy.", "net.sf.cglib.", "net.sf.ehcache.",
        "net.sf.jsqlparser.", "nonapi.", "ognl.", "okhttp3.", "okio.", "oracle.", "org.aopalliance.", "org.apache.",
        "org.aspectj.", "org.bouncycastle.", "org.codehaus.", "org.dom4j.", "org.eclipse.", "org.elasticsearch.",
        "org.glassfish.", "org.h2.", "org.hibernate.", "org.hsqldb.", "org.infinispan.", "org.jboss.", "org.jdom",
        "org.joda.", "org.jooq.", "org.json.", "org.junit.", "org.mariadb.", "org.mockito.", "org.mvel2.",
        "org.mybatis.", "org.objenesis.", "org.postgresql.", "org.quartz.", "org.reactivestreams.", "org.redisson.",
        "org.slf4j.", "org.springframework.", "org.sqlite.", "org.thymeleaf.", "org.wildfly.", "org.xerial.",
        "org.xnio.", "org.yaml.", "play.", "reactor.", "redis.clients.", "retrofit2.", "rx.", "scala.", "shaded.",
        "springfox.", "sun.", "tomcat.", "weblogic.",
    };

    /** Pages of the application, although they are in a container's package. */
    private static final String[] PAGES = {"org.apache.jsp.", "jsp_servlet."};

    static final Business DEFAULT = new Business(Collections.emptyList(), Collections.emptyList());

    private final List<String> ours;
    private final List<String> notOurs;

    /** @param ours prefixes that are the application's, and that are not; they go before the list above, the longer first */
    Business(List<String> ours, List<String> notOurs) {
        this.ours = ours;
        this.notOurs = notOurs;
    }

    /** Whether a class that is none of the JDK's belongs to the application. */
    boolean has(String className) {
        int yes = longest(ours, className);
        int no = longest(notOurs, className);
        if (yes != no) {
            return yes > no;
        }
        return !Names.isProxy(className) && (startsWith(PAGES, className) || !startsWith(FRAMEWORKS, className));
    }

    private static int longest(List<String> prefixes, String name) {
        int longest = -1;
        for (String prefix : prefixes) {
            if (name.startsWith(prefix)) {
                longest = Math.max(longest, prefix.length());
            }
        }
        return longest;
    }

    private static boolean startsWith(String[] prefixes, String name) {
        for (String prefix : prefixes) {
            if (name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
