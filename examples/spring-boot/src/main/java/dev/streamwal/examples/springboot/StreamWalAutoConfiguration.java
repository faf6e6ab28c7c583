package dev.streamwal.examples.springboot;

import dev.streamwal.StreamWal;
import dev.streamwal.metrics.StreamWalMetrics;
import dev.streamwal.reader.WalReader;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * A log where {@code streamwal.directory} is set, and what belongs to it. An application's own {@link StreamWal} bean takes its place.
 *
 * <p><b>At the end</b> Spring first stops what has a lifecycle, the web server among it, which waits for its requests; then it closes the beans that
 * use the log; then the log, which makes everything durable. So nothing is needed for that but that each is a bean.
 */
@AutoConfiguration
@ConditionalOnProperty("streamwal.directory")
@EnableConfigurationProperties(StreamWalProperties.class)
class StreamWalAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    StreamWal streamWal(StreamWalProperties properties) {
        return StreamWal.open(properties.directory(), properties.options());
    }

    @Bean
    @ConditionalOnMissingBean
    WalReader streamWalReader(StreamWal wal) {
        return wal.reader();
    }

    /** Where the application has Actuator. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(HealthIndicator.class)
    static class ActuatorConfiguration {
        @Bean
        StreamWalHealthIndicator streamWalHealthIndicator(StreamWal wal) {
            return new StreamWalHealthIndicator(wal);
        }
    }

    /** Where the application has Micrometer: Spring Boot binds each such bean to its registries. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterBinder.class)
    static class MetricsConfiguration {
        @Bean
        StreamWalMetrics streamWalMetrics(StreamWal wal, StreamWalProperties properties) {
            return new StreamWalMetrics(wal, properties.name());
        }
    }
}
