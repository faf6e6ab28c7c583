package dev.streamwal.examples;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A JVM of its own, for examples of several processes. Its class path has this project's classes and what a program that uses the library needs. */
public final class ChildJvm {
    private static final List<Class<?>> READER = List.of(ChildJvm.class, WalReader.class, ByteBuf.class, ReferenceCounted.class);

    private ChildJvm() {}

    /** A program that reads a log. */
    public static ProcessBuilder reader(Class<?> program, Object... arguments) {
        return java(READER.stream(), program, arguments);
    }

    /** A program that writes a log. */
    public static ProcessBuilder writer(Class<?> program, Object... arguments) {
        return java(Stream.concat(READER.stream(), Stream.of(StreamWal.class)), program, arguments);
    }

    /** For who waits for something that a program is to do: one that has ended never does it. */
    public static void requireRunning(Process program) {
        if (!program.isAlive()) {
            throw new IllegalStateException("a process of the example has ended by itself: exitCode=" + program.exitValue());
        }
    }

    private static ProcessBuilder java(Stream<Class<?>> libraries, Class<?> program, Object... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-cp");
        command.add(libraries.map(ChildJvm::place).collect(Collectors.joining(File.pathSeparator)));
        command.add(program.getName());
        Stream.of(arguments).map(Object::toString).forEach(command::add);
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    /** The jar or the folder that a class is in. */
    private static String place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
