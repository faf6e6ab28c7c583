package dev.streamwal.io;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.lang.reflect.Field;

/**
 * Has Netty find what it logs with, without a word on the console. At the first buffer Netty asks SLF4J, if it is there, whether it logs;
 * where no provider is, SLF4J prints three lines that say so, and Netty goes on to the JDK's logging, at a level that prints nothing. A
 * program that logs with nothing reads those lines as the library's.
 *
 * <p>So here Netty is told of the JDK's logging at once, but only where it would come to that by itself: where SLF4J is there, has no
 * provider, and no other library that Netty knows is there; and where nobody has chosen yet, the program or Netty. So nothing is different
 * from what it would have been, but for the three lines, and they still come from whoever logs with SLF4J himself.
 */
public final class NettyLogging {

    private static final String SLF4J = "org.slf4j.LoggerFactory";
    /** By one of these SLF4J finds its provider: that of version 2, and that of 1. */
    private static final String[] PROVIDERS = {
        "META-INF/services/org.slf4j.spi.SLF4JServiceProvider", "org/slf4j/impl/StaticLoggerBinder.class"
    };
    private static final String NAMED_PROVIDER = "slf4j.provider";
    /** What Netty tries between SLF4J and the JDK. */
    private static final String[] OTHERS = {"org.apache.logging.log4j.Logger", "org.apache.log4j.Logger"};

    static {
        if (isSlf4jWithoutProvider() && isUndecided()) {
            InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
        }
    }

    private NettyLogging() {}

    /** To be called before anything of Netty's is used; it does something the first time only. */
    public static void prepare() {
        // what there is to do, the class's initialisation does
    }

    private static boolean isSlf4jWithoutProvider() {
        try {
            ClassLoader loader = Class.forName(SLF4J, false, InternalLoggerFactory.class.getClassLoader()).getClassLoader();
            boolean any = System.getProperty(NAMED_PROVIDER) != null;
            for (String provider : PROVIDERS) {
                any |= loader == null || loader.getResource(provider) != null;
            }
            for (String other : OTHERS) {
                any |= isThere(other);
            }
            return !any;
        } catch (ClassNotFoundException | LinkageError | SecurityException noSlf4j) {
            return false;
        }
    }

    private static boolean isThere(String name) {
        try {
            return Class.forName(name, false, InternalLoggerFactory.class.getClassLoader()) != null;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }

    /** To ask Netty is to have it decide, so this looks; where that isn't allowed, Netty is left to decide. */
    private static boolean isUndecided() {
        try {
            Field decided = InternalLoggerFactory.class.getDeclaredField("defaultFactory");
            decided.setAccessible(true);
            return decided.get(null) == null;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return false;
        }
    }
}
