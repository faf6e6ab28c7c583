package dev.streamwal.bench.compare;

import java.nio.file.Path;

/** Keeps nothing: what the machine itself does to a paced thread. */
final class NoStore extends Store {

    private NoStore() {}

    static Store open(Path folder, Setup setup) {
        if (setup.retention().toMinutes() >= 60) {
            throw new Cannot("it keeps nothing, and is measured beside the gateway only");
        }
        return new NoStore();
    }

    @Override
    Writer writer() {
        return (stream, millis, content) -> {};
    }

    @Override
    public void close() {}
}
