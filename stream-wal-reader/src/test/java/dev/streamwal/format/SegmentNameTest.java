package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentNameTest {

    private final Random random = Seeds.random();

    @Test
    void fileName_aSegment_isAsDocumented() {
        assertThat(new SegmentName(0, 1_767_225_600_000L).fileName()).isEqualTo("0000000000000000_1767225600000.seg");
        assertThat(new SegmentName(Long.MAX_VALUE, Long.MAX_VALUE).fileName())
                .isEqualTo("7fffffffffffffff_9223372036854775807.seg");
        assertThat(new SegmentName(0xABCDEF, 0).fileName()).isEqualTo("0000000000abcdef_0.seg");
    }

    @Test
    void parse_whatFileNameGave_isTheSameName() {
        for (int i = 0; i < 20_000; i++) {
            SegmentName name = any();
            assertThat(SegmentName.parse(name.fileName())).contains(name);
        }
    }

    @Test
    void fileName_inLexicographicOrder_isInOrderOfPosition() {
        List<SegmentName> names = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            names.add(any());
        }
        names.sort(Comparator.comparing(SegmentName::fileName));
        for (int i = 1; i < names.size(); i++) {
            assertThat(names.get(i).basePosition()).isGreaterThanOrEqualTo(names.get(i - 1).basePosition());
        }
        assertThat(names.stream().sorted().map(SegmentName::basePosition))
                .isEqualTo(names.stream().map(SegmentName::basePosition).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", ".seg", "a.seg", "LOCK", "positions", "prefix_1767225600000.seg",
        "0000000000000000_1767225600000.seg.tmp", ".0000000000000000.seg.tmp", "0000000000000000_1767225600000.SEG",
        "0000000000000000_1767225600000",
        "0000000000000000_.seg", "0000000000000000-1767225600000.seg", "000000000000000_1767225600000.seg",
        "00000000000000000_1767225600000.seg",
        "00000000000000AB_1767225600000.seg", "000000000000000g_1767225600000.seg",
        "8000000000000000_1767225600000.seg",
        "ffffffffffffffff_1767225600000.seg", "0000000000000000_-1.seg", "0000000000000000_+1.seg",
        "0000000000000000_01.seg",
        "0000000000000000_00.seg", "0000000000000000_1 .seg", "0000000000000000_0x1.seg", "0000000000000000_1_2.seg",
        "0000000000000000_9223372036854775808.seg", "0000000000000000_99999999999999999999.seg",
        "+000000000000000_1.seg", "-000000000000001_1.seg",
        "0000000000000000_1.seg ", " 0000000000000000_1.seg", "٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠_1.seg", "0000000000000000_١.seg"})
    void parse_foreignName_isEmpty(String fileName) {
        assertThat(SegmentName.parse(fileName)).isEmpty();
    }

    @Test
    void parse_anyCharacterChanged_isEmptyOrAnotherName() {
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(any().fileName());
            text.setCharAt(random.nextInt(text.length()), (char) random.nextInt(0x100));
            SegmentName.parse(text.toString()).ifPresent(name -> assertThat(name.fileName())
                    .isEqualTo(text.toString()));
        }
    }

    @Test
    void segmentName_negativeNumbers_areRefused() {
        assertThatThrownBy(() -> new SegmentName(-1, 0)).hasMessageContaining("basePosition=-1");
        assertThatThrownBy(() -> new SegmentName(0, -1)).hasMessageContaining("expiration=-1");
    }

    private SegmentName any() {
        return new SegmentName(random.nextLong() >>> (1 + random.nextInt(63)),
                random.nextLong() >>> (1 + random.nextInt(63)));
    }
}
