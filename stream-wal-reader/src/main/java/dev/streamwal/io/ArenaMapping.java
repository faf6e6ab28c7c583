package dev.streamwal.io;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file, mapped in a shared {@code Arena} of Java 22 and later: closing it unmaps, and a later access throws
 * {@link IllegalStateException}. The classes are reached by reflection, because this code compiles for Java 17.
 *
 * <p>If the file is shorter than the mapping, a bulk access throws {@link InternalError}, at the latest in the next call that enters the JVM
 * ({@link #settle()}). Java 17 throws it later, at an unrelated step of the thread; so this class needs Java 22.
 */
public final class ArenaMapping implements AutoCloseable {

    private static final int FIRST_VERSION = 22;

    private final AutoCloseable arena;
    private final ByteBuffer buffer;

    private ArenaMapping(AutoCloseable arena, ByteBuffer buffer) {
        this.arena = arena;
        this.buffer = buffer;
    }

    /** Whether this Java has arenas. */
    public static boolean isSupported() {
        return Runtime.version().feature() >= FIRST_VERSION;
    }

    /**
     * Maps a part of a file.
     *
     * @param bytes 0 or more
     * @throws UnsupportedOperationException if the file system can't map
     */
    public static ArenaMapping map(FileChannel channel, MapMode mode, long offset, int bytes) throws IOException {
        Methods methods = Methods.of();
        AutoCloseable arena = (AutoCloseable) call(() -> methods.ofShared.invoke());
        try {
            Object segment = call(() -> methods.map.invoke(channel, mode, offset, (long) bytes, arena));
            return new ArenaMapping(arena, (ByteBuffer) call(() -> methods.asByteBuffer.invoke(segment)));
        } catch (IOException | RuntimeException | Error e) {
            close(arena);
            throw e;
        }
    }

    /** The bytes, big-endian. The buffer is shared: use absolute positions only. */
    public ByteBuffer buffer() {
        return buffer;
    }

    /** Call after a bulk access: throws {@link InternalError} if the file was shorter, unless the access has thrown it already. */
    public static void settle() {
        long unused = Runtime.getRuntime().totalMemory();
    }

    /** Unmaps. */
    @Override
    public void close() {
        close(arena);
    }

    private static void close(AutoCloseable arena) {
        try {
            arena.close();
        } catch (Exception e) {
            throw new IllegalStateException("closing a mapping failed", e);
        }
    }

    /** Looked up once. */
    private static final class Methods {

        private static @Nullable Methods found;

        private final MethodHandle ofShared;
        private final MethodHandle map;
        private final MethodHandle asByteBuffer;

        private Methods() throws ReflectiveOperationException {
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            Class<?> arena = Class.forName("java.lang.foreign.Arena");
            Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
            ofShared = lookup.findStatic(arena, "ofShared", MethodType.methodType(arena));
            map = lookup.findVirtual(FileChannel.class, "map",
                    MethodType.methodType(segment, MapMode.class, long.class, long.class, arena));
            asByteBuffer = lookup.findVirtual(segment, "asByteBuffer", MethodType.methodType(ByteBuffer.class));
        }

        static synchronized Methods of() {
            try {
                Methods known = found == null ? new Methods() : found;
                found = known;
                return known;
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("this Java maps no files into arenas: version=" + Runtime.version()
                        + "; use another build of Java 22 or later, or Java 17 to 21", e);
            }
        }
    }

    private interface Invocation {
        Object run() throws Throwable;
    }

    private static Object call(Invocation invocation) throws IOException {
        try {
            return invocation.run();
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("unexpected exception of Java's mapping methods", e);
        }
    }
}
