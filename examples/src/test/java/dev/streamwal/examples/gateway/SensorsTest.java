package dev.streamwal.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SensorsTest {
    private final Locale before = Locale.getDefault();

    @AfterEach
    void setBack() {
        Locale.setDefault(before);
    }

    /** Where numbers are written with digits of their own, too. */
    @Test
    void key_isTheSame_inAnyLocale() {
        for (String language : new String[] {"en", "fa", "ar-EG", "mr"}) {
            Locale.setDefault(Locale.forLanguageTag(language));
            assertThat(Sensors.key(7)).as(language).isEqualTo("sensor/power/east/00007");
        }
    }
}
