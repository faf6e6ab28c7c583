package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MessageTextTest {

    @Test
    void of_plainText_isTheSame() {
        for (String text : new String[] {"", "machine/7, file=C:\\log", "\u00e4\u4e2d\ud83d\ude00"}) {
            assertThat(MessageText.of(text)).isSameAs(text);
        }
    }

    @Test
    void of_controlCharactersLineBreaksAndLoneSurrogates_areNumbers() {
        assertThat(MessageText.of("a\u0000b\nc\u001b[31m\u007f\u0085\u2028\u2029"))
                .isEqualTo("a\\u0000b\\u000ac\\u001b[31m\\u007f\\u0085\\u2028\\u2029");
        assertThat(MessageText.of("\ud83d\ude00\ud83d!")).isEqualTo("\ud83d\ude00\\ud83d!");
    }

    @Test
    void exception_keyAndFileHaveControlCharacters_messageHasNone() {
        WalIOException e = new WalIOException("failed: stream=a\nb, file=/x\ty", Path.of("/x\ty"), "a\nb", 8, null);
        assertThat(e).hasMessage("failed: stream=a\\u000ab, file=/x\\u0009y");
        assertThat(e.key()).isEqualTo("a\nb");
        assertThat(e.file()).isEqualTo(Path.of("/x\ty"));
    }
}
