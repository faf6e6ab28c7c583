package dev.streamwal.cli;

import dev.streamwal.format.SuppressForbidden;
import io.netty.util.internal.logging.AbstractInternalLogger;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;

/**
 * Netty, as this program uses it: for buffers in one thread, mostly for a moment. Netty's own choices are for servers, and to make them takes it four
 * times as long as listing a small log: it looks for libraries to log with, starts the JDK's logging and its flight recorder, and takes 4 MiB.
 */
final class NettyInBrief extends InternalLoggerFactory {

    private NettyInBrief() {}

    /** For a whole process, before the first use of Netty. What its user has set stays. */
    static void begin() {
        set("io.netty.jfr.enabled", "false");
        set("io.netty.allocator.maxOrder", "7"); // memory is taken by 8 KiB << 7, the largest read of a scan
        setDefaultFactory(new NettyInBrief());
    }

    @SuppressForbidden("a program: the system properties are its own")
    private static void set(String name, String value) {
        if (System.getProperty(name) == null) {
            System.setProperty(name, value);
        }
    }

    @Override
    protected InternalLogger newInstance(String name) {
        return new Silence(name);
    }

    /** What Netty has to say is for who runs a server. */
    private static final class Silence extends AbstractInternalLogger {

        private static final long serialVersionUID = 1;

        Silence(String name) {
            super(name);
        }

        @Override
        public boolean isTraceEnabled() {
            return false;
        }

        @Override
        public void trace(String message) {}

        @Override
        public void trace(String format, Object argument) {}

        @Override
        public void trace(String format, Object first, Object second) {}

        @Override
        public void trace(String format, Object... arguments) {}

        @Override
        public void trace(String message, Throwable failure) {}

        @Override
        public boolean isDebugEnabled() {
            return false;
        }

        @Override
        public void debug(String message) {}

        @Override
        public void debug(String format, Object argument) {}

        @Override
        public void debug(String format, Object first, Object second) {}

        @Override
        public void debug(String format, Object... arguments) {}

        @Override
        public void debug(String message, Throwable failure) {}

        @Override
        public boolean isInfoEnabled() {
            return false;
        }

        @Override
        public void info(String message) {}

        @Override
        public void info(String format, Object argument) {}

        @Override
        public void info(String format, Object first, Object second) {}

        @Override
        public void info(String format, Object... arguments) {}

        @Override
        public void info(String message, Throwable failure) {}

        @Override
        public boolean isWarnEnabled() {
            return false;
        }

        @Override
        public void warn(String message) {}

        @Override
        public void warn(String format, Object argument) {}

        @Override
        public void warn(String format, Object first, Object second) {}

        @Override
        public void warn(String format, Object... arguments) {}

        @Override
        public void warn(String message, Throwable failure) {}

        @Override
        public boolean isErrorEnabled() {
            return false;
        }

        @Override
        public void error(String message) {}

        @Override
        public void error(String format, Object argument) {}

        @Override
        public void error(String format, Object first, Object second) {}

        @Override
        public void error(String format, Object... arguments) {}

        @Override
        public void error(String message, Throwable failure) {}
    }
}
