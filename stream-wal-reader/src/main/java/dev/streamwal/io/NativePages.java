package dev.streamwal.io;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Memory that the operating system neither swaps out nor writes to a core dump: pages of their own, from {@code mmap}, {@code mlock} and {@code madvise}. On
 * Linux, from Java 22 on, if the program gave this library native access ({@code --enable-native-access}): without that, Java would print a warning at the
 * first such call. The classes are reached by reflection, because this code compiles for Java 17.
 */
public final class NativePages {

    private static final int PAGE_BYTES = 4_096;
    private static final int FIRST_VERSION = 22;

    private static final int PROTECTION_READ_WRITE = 3;
    /** MAP_PRIVATE and MAP_ANONYMOUS. */
    private static final int MAP_FLAGS = 0x22;
    private static final int DONT_FORK = 10;
    private static final int DONT_DUMP = 16;

    private static @Nullable Calls found;

    private NativePages() {}

    /**
     * Locked memory, zeroed. It is given back when nothing refers to the buffer any more; the next user of its pages doesn't see their content.
     *
     * @param bytes 1 or more
     * @return empty if it can't be had: see above, or the process has locked all that it may
     */
    public static Optional<ByteBuffer> locked(int bytes) {
        if (Runtime.version().feature() < FIRST_VERSION || !System.getProperty("os.name").equals("Linux")) {
            return Optional.empty();
        }
        try {
            return isNativeAccessEnabled() ? calls().locked((bytes + PAGE_BYTES - 1L) / PAGE_BYTES * PAGE_BYTES) : Optional.empty();
        } catch (ReflectiveOperationException | UnsupportedOperationException e) {
            return Optional.empty(); // such as in a native image
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("locking memory failed", e);
        }
    }

    private static boolean isNativeAccessEnabled() throws ReflectiveOperationException {
        return (boolean) Module.class.getMethod("isNativeAccessEnabled").invoke(NativePages.class.getModule());
    }

    private static synchronized Calls calls() throws Throwable {
        Calls known = found == null ? new Calls() : found;
        found = known;
        return known;
    }

    /** Functions of the C library. */
    private static final class Calls {

        private final Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
        private final Object address = layout("ADDRESS");
        private final Object size = layout("JAVA_LONG");
        private final Object number = layout("JAVA_INT");
        private final Object nowhere = call(segment, "NULL");
        private final MethodHandle map = downcall("mmap", address, address, size, number, number, number, size);
        private final MethodHandle unmap = downcall("munmap", number, address, size);
        private final MethodHandle lock = downcall("mlock", number, address, size);
        private final MethodHandle advise = downcall("madvise", number, address, size, number);

        Calls() throws Throwable {}

        private static Object layout(String name) throws ReflectiveOperationException {
            return call(Class.forName("java.lang.foreign.ValueLayout"), name);
        }

        private static Object call(Class<?> type, String constant) throws ReflectiveOperationException {
            return type.getField(constant).get(null);
        }

        /** On behalf of this class, which has the native access. */
        private static MethodHandle downcall(String name, Object result, Object... arguments) throws Throwable {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Class<?> linkerType = Class.forName("java.lang.foreign.Linker");
            Class<?> lookupType = Class.forName("java.lang.foreign.SymbolLookup");
            Class<?> segmentType = Class.forName("java.lang.foreign.MemorySegment");
            Class<?> layoutType = Class.forName("java.lang.foreign.MemoryLayout");
            Class<?> functionType = Class.forName("java.lang.foreign.FunctionDescriptor");
            Object[] layouts = (Object[]) Array.newInstance(layoutType, arguments.length);
            System.arraycopy(arguments, 0, layouts, 0, arguments.length);
            Object function = lookup.findStatic(functionType, "of", MethodType.methodType(functionType, layoutType, layouts.getClass()))
                    .asFixedArity().invokeWithArguments(result, layouts);
            Object linker = lookup.findStatic(linkerType, "nativeLinker", MethodType.methodType(linkerType)).invoke();
            Object symbols = lookup.findVirtual(linkerType, "defaultLookup", MethodType.methodType(lookupType)).invoke(linker);
            MethodHandle find = lookup.findVirtual(lookupType, "find", MethodType.methodType(Optional.class, String.class));
            Optional<?> symbol = (Optional<?>) find.invoke(symbols, name);
            Object options = Array.newInstance(Class.forName("java.lang.foreign.Linker$Option"), 0);
            MethodType downcall = MethodType.methodType(MethodHandle.class, segmentType, functionType, options.getClass());
            return (MethodHandle) lookup.findVirtual(linkerType, "downcallHandle", downcall)
                    .asFixedArity().invokeWithArguments(linker, symbol.orElseThrow(), function, options);
        }

        Optional<ByteBuffer> locked(long bytes) throws Throwable {
            Object pages = map.invokeWithArguments(nowhere, bytes, PROTECTION_READ_WRITE, MAP_FLAGS, -1, 0L);
            if (addressOf(pages) == -1) {
                return Optional.empty();
            }
            if ((int) lock.invokeWithArguments(pages, bytes) != 0) {
                int unused = (int) unmap.invokeWithArguments(pages, bytes);
                return Optional.empty();
            }
            // what older kernels don't know is left out
            int unused = (int) advise.invokeWithArguments(pages, bytes, DONT_DUMP) + (int) advise.invokeWithArguments(pages, bytes, DONT_FORK);
            return Optional.of(buffer(pages, bytes));
        }

        private long addressOf(Object pages) throws Throwable {
            return (long) MethodHandles.lookup().findVirtual(segment, "address", MethodType.methodType(long.class)).invoke(pages);
        }

        /** A buffer that refers to an arena. The garbage collector closes the arena, which unmaps the pages; that unlocks them, too. */
        private ByteBuffer buffer(Object pages, long bytes) throws Throwable {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Class<?> arenaType = Class.forName("java.lang.foreign.Arena");
            Object arena = lookup.findStatic(arenaType, "ofAuto", MethodType.methodType(arenaType)).invoke();
            Consumer<Object> closing = mapped -> unmap(mapped, bytes);
            Object owned = lookup.findVirtual(segment, "reinterpret", MethodType.methodType(segment, long.class, arenaType, Consumer.class))
                    .invoke(pages, bytes, arena, closing);
            return (ByteBuffer) lookup.findVirtual(segment, "asByteBuffer", MethodType.methodType(ByteBuffer.class)).invoke(owned);
        }

        private void unmap(Object mapped, long bytes) {
            try {
                int unused = (int) unmap.invokeWithArguments(mapped, bytes);
            } catch (Throwable e) {
                throw new IllegalStateException("unmapping failed", e);
            }
        }
    }
}
