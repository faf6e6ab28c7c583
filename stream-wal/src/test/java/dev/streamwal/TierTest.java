package dev.streamwal;

import dev.streamwal.objectstore.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link TierContract}. */
class TierTest {

    private static Path folder(LogHome home) {
        try {
            return Files.createDirectories(home.place("tier"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Nested
    class InFolder extends TierContract {
        InFolder() {
            super(LogHome.mapped(), TierTest::folder);
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends TierContract {
        OnJimfs() {
            super(LogHome.jimfs(), TierTest::folder);
        }
    }

    @Nested
    class InObjectStore extends TierContract {
        InObjectStore() {
            super(LogHome.channel(), home -> new ObjectStore().folder());
        }
    }
}
