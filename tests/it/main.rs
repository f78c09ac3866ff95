//! Tests of the built program against a real Kafka and a real Azurite; one file a behaviour.
//! `make services` fetches the two servers, `make test` runs everything; [`support`] starts and stops them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by panicking, and tells figures by printing, in its support too"
)]

mod analyze_page_test;
mod analyze_test;
mod at_least_once_test;
mod cluster_test;
mod completions_test;
mod config_check_test;
mod configuration_test;
mod corrupt_test;
mod demo_test;
mod deployments_test;
mod dev_test;
mod documentation_test;
mod entra_test;
mod environments_test;
mod exactly_once_test;
mod extract_chaos_test;
mod extract_laws_test;
mod extract_parts_test;
mod extract_refused_test;
mod extract_service_test;
mod extract_test;
mod extract_topics_test;
mod figures_test;
mod frames_test;
mod given_up_test;
mod growing_blob_test;
mod health_test;
mod help_test;
mod init_opensearch_test;
mod interrupted_test;
mod kafka_commands_test;
mod kafka_faults_test;
mod keyring_test;
mod late_frames_random_test;
mod late_frames_releases_test;
mod late_frames_services_test;
mod late_frames_test;
mod list_blobs_test;
mod list_services_test;
mod liveness_test;
mod log_format_test;
mod lost_member_test;
mod man_test;
mod memory_test;
mod messages_test;
mod metrics_test;
mod monitor_once_test;
mod monitor_refused_test;
mod monitor_service_test;
mod predecessor_test;
mod readme_test;
mod refused_flags_test;
mod refused_test;
mod running_test;
mod secured_refused_test;
mod secured_test;
mod services_test;
mod setup_dialogue_test;
mod setup_flags_test;
mod shapes_test;
mod signal_test;
mod start_offset_test;
mod status_page_test;
mod status_test;
mod status_watch_test;
mod storage_faults_test;
mod support;
mod tables_test;
mod tail_live_test;
mod tail_memory_test;
mod tail_raw_test;
mod tail_test;
mod torn_tail_test;
mod two_runs_test;
mod verify_test;
mod worker_at_least_once_test;
mod worker_broker_test;
mod worker_chaos_test;
mod worker_failures_test;
mod worker_filters_test;
mod worker_group_test;
mod worker_order_test;
mod worker_refused_test;
mod worker_state_test;
mod worker_stop_test;
mod worker_test;
mod worker_topics_test;
mod worker_transactions_test;
mod worker_zombie_test;
